/** A process that keeps two members and does nothing else, for tests that kill it. Argument: the folder of the members. */
import { fileURLToPath } from 'node:url';
import { ProcessesBackend } from '../../../src/pools/processes-backend.ts';

const member = fileURLToPath(new URL('member.mjs', import.meta.url));
const backend = new ProcessesBackend({
  pool: 'test',
  command: { program: process.execPath, args: [member, process.argv[2]] },
  times: { restartMs: 50, restartMaxMs: 400, stableMs: 300, drainMs: 10_000 },
});
await backend.start(() => undefined);
await backend.scale(2);
setInterval(() => undefined, 60_000);
