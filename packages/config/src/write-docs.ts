import { writeFile } from 'node:fs/promises';
import { renderDocs } from './render-docs.js';

await writeFile(new URL('../../../docs/configuration.md', import.meta.url), renderDocs());
