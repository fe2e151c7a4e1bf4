// The way into every command: with a Node ≥ 18 and npm alone it installs the dependencies, builds what changed and then runs the
// command with the Node that the repository pins. What goes to standard output is the command's own.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const node = join(bin, 'node');

/** What each command runs, from the repository's root. */
const programs = {
  apwa: ['packages/cli/dist/main.js'],
  bench: ['packages/bench/dist/main.js'],
  demo: ['packages/cli/dist/demo/main.js'],
  soak: ['packages/soak/dist/main.js'],
  dev: ['packages/cli/dist/dev/main.js'],
  test: ['scripts/run-tests.mjs'],
};

const env = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH ?? ''}`,
  // Nothing is sent anywhere that the user did not configure.
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

const say = (line) => process.stderr.write(`${line}\n`);

/** Whether every package of the lock file is there, in its version. Packages for other platforms may be missing. */
const isInstalled = () => {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  if (!existsSync(node) || !existsSync(join(root, 'node_modules', '.package-lock.json'))) return false;
  const [wanted, found] = [read('package-lock.json'), read('node_modules/.package-lock.json')];
  return Object.entries(wanted).every(
    ([path, { version, link, optional, devOptional }]) =>
      !path.includes('node_modules/') || link || optional || devOptional || found[path]?.version === version,
  );
};

/** Runs a program to its end without a word; what it printed is shown if it fails. */
const quietly = (title, command, args) => {
  try {
    execFileSync(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (error) {
    say(`${title} failed:`);
    process.stderr.write(error.stdout ?? '');
    process.stderr.write(error.stderr ?? `${error.message}\n`);
    process.exit(1);
  }
};

/** Runs a program in our place: its exit code is ours, and signals are handed on. */
const become = (args) => {
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
  child.on('error', (error) => {
    say(error.message);
    process.exit(1);
  });
};

const [command, ...args] = process.argv.slice(2);
const installOnly = command === '--install-only';
if (!installOnly && !Object.hasOwn(programs, command)) {
  say(`usage: node scripts/bootstrap.mjs --install-only | ${Object.keys(programs).join('|')} [ARGUMENTS]`);
  process.exit(2);
}
if (!isInstalled()) {
  say('Installing dependencies …');
  quietly('npm ci', 'npm', ['ci', '--no-audit', '--no-fund']);
}
if (installOnly) process.exit(0);
if (!existsSync(join(root, 'packages/cli/dist/main.js'))) say('Building …');
quietly('The build', join(bin, 'turbo'), ['run', 'build', '--output-logs=errors-only', '--log-order=grouped', '--no-color']);
become([...programs[command], ...args]);
