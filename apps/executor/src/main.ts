import { setFlagsFromString } from 'node:v8';

// What the executor makes lives for milliseconds, and V8 would give such garbage up to 48 MB of room before it looks at it. A young
// generation that stays as small as it begins keeps a run of any size below 200 MB. Modules are garbage too: they come after it.
setFlagsFromString('--semi-space-growth-factor=1');
await import('./serve.js');
