// Checks the Python code of the fabric: `node scripts/check-fabric.mjs` its style and types, `testFabric` runs its tests. Where there is
// no Python, it says so: everything but Ray works without.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'infra', 'ray', 'fabric');

/** The Python that has the tools; null if there is none. */
const tools = async () => {
  const { ensureFabricTools, hasPython } = await import('../packages/ray/dist/index.js');
  if (await hasPython()) return ensureFabricTools((line) => process.stderr.write(`${line}\n`));
  process.stderr.write('Skipped: the fabric is Python, of which there is none here.\n');
  return null;
};

/** Runs a tool; resolves to its exit code and what it printed. */
const run = (python, args) =>
  new Promise((resolve) => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', RUFF_NO_CACHE: 'true' };
    const child = spawn(python, ['-m', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
      process.stdout.write(data);
    });
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });

export const testFabric = async () => {
  const python = await tools();
  if (!python) return { passed: 0, failed: 0, ok: true };
  const { code, output } = await run(python, ['pytest', '-q', '-p', 'no:cacheprovider']);
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(output)?.[1] ?? 0);
  const failed = count('failed') + count('error');
  return { passed: count('passed'), failed: code === 0 ? failed : Math.max(1, failed), ok: code === 0 };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const python = await tools();
  const checks = [
    ['ruff', 'check', '.'],
    ['ruff', 'format', '--check', '.'],
    ['mypy', '--cache-dir=/dev/null'],
  ];
  for (const check of python ? checks : []) if ((await run(python, check)).code !== 0) process.exitCode = 1;
}
