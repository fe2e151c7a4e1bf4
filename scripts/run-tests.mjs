// Runs the suites of all workspaces and ends with one line that sums them up: `N passed, N failed`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testFabric } from './check-fabric.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const ANSI = /\u001b\[[0-9;]*m/g;

/** Tests in a line of Jest's summary, which turbo puts the workspace's name in front of; null for every other line. */
const countsOf = (line, what) => {
  const [, summary] = new RegExp(`\\b${what}:\\s+(.*\\d+ total)`).exec(line.replace(ANSI, '')) ?? [];
  if (!summary) return null;
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0);
  return { passed: count('passed'), failed: count('failed') };
};

const total = { passed: 0, failed: 0 };
/** What Jest says of each failed test, beneath its name, with its suite: long logs are cut in the middle, so it is said again at the end. */
const faults = [];
const FAULT_LINES = 40;

/** Takes the lines of one task's output; gathers what stands beneath `●`, to the next one or the end of the suite. */
const faultGatherer = () => {
  let fault = null;
  let suite = null;
  return (line) => {
    const plain = line.replace(ANSI, '');
    const [, workspace, file] = /^(@apwa\/[\w-]+):\S+ FAIL (\S+)/.exec(plain) ?? [];
    if (workspace) suite = { workspace, file };
    if (/^(\S+: )?\s*● (?!Console\b)/.test(plain)) faults.push((fault = { suite, lines: [plain] }));
    else if (/^(\S+: )?(PASS|FAIL|Test Suites:)/.test(plain)) fault = null;
    else if (fault && fault.lines.length < FAULT_LINES) fault.lines.push(plain);
  };
};

/** One fault of each test: Jest says it twice where there are several suites, and what fails in a test's set-up makes its tear-down fail. */
const firstOfEach = (list) => [...new Map([...list].reverse().map((fault) => [fault.lines[0], fault])).values()].reverse();

/** A test that waited in vain, or took longer than a test may: beside others, on a busy machine, that need not be its fault. */
const isTimeout = ({ lines }) => lines.some((line) => /waited [\d.]+ s in vain|Exceeded timeout of \d+ ms|Ray did not come up|did not come to hold within \d+ ms/.test(line));

/** Runs a turbo task over all workspaces; resolves to whether it succeeded. */
const runTask = (task, args) =>
  new Promise((resolve) => {
    const before = { ...total };
    let brokenSuites = 0;
    const child = spawn('turbo', ['run', task, '--continue', '--output-logs=full', '--log-order=grouped', '--ui=stream', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const [from, into] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      let rest = '';
      const gather = faultGatherer();
      from.on('data', (data) => {
        into.write(data);
        const lines = (rest + data).split('\n');
        rest = lines.pop();
        for (const line of lines) {
          gather(line);
          const tests = countsOf(line, 'Tests');
          total.passed += tests?.passed ?? 0;
          total.failed += tests?.failed ?? 0;
          brokenSuites += countsOf(line, 'Test Suites')?.failed ?? 0;
        }
      });
    }
    child.on('error', () => resolve(false));
    child.on('close', (code) => {
      // A suite that could not even be loaded has no tests to count, and yet it failed.
      if (code !== 0 && total.failed === before.failed) total.failed += Math.max(1, brokenSuites);
      resolve(code === 0);
    });
  });

/**
 * Suites of which all failed tests ran out of time are run again, each by itself: two run at once, on machines of any speed. What failed
 * in any other way stays failed. Returns what was made good, for people to look at.
 */
const runAgainAlone = async () => {
  const suites = new Map();
  for (const fault of firstOfEach(faults)) {
    const key = fault.suite ? `${fault.suite.workspace} ${fault.suite.file}` : '';
    suites.set(key, [...(suites.get(key) ?? []), fault]);
  }
  const late = [...suites].filter(([key, failed]) => key !== '' && failed.every(isTimeout));
  // So many are no accident.
  if (late.length > MOST_AGAIN) return [];
  const healed = [];
  for (const [key, failed] of late) {
    const { workspace, file } = failed[0].suite;
    process.stdout.write(`\n=== again, by itself: ${key}\n`);
    const code = await new Promise((resolve) => {
      const name = workspace.replace('@apwa/', '');
      const cwd = ['apps', 'packages'].map((folder) => join(root, folder, name)).find((path) => existsSync(path));
      const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
      spawn(join(root, 'node_modules/.bin/jest'), ['--runInBand', '--runTestsByPath', file], { cwd, env, stdio: 'inherit' })
        .on('error', () => resolve(1))
        .on('close', resolve);
    });
    if (code !== 0) continue;
    for (const fault of failed) fault.healed = true;
    total.passed += failed.length;
    total.failed -= failed.length;
    healed.push(...failed);
  }
  return healed;
};
const MOST_AGAIN = 3;

/** Fetched before the suites: it can take longer than a test may, and each of those that run at once would fetch it for itself. */
const fetchServers = async () => {
  const { canHaveRay, ensureNatsServer, ensureS3Binary } = await import('../packages/test-kit/dist/index.js');
  const { ensureRay } = await import('../packages/ray/dist/index.js');
  const say = (line) => process.stderr.write(`${line}\n`);
  await ensureNatsServer(say);
  // The suites that need one which can't be had say so.
  await ensureS3Binary().catch((error) => say(error.message));
  if (await canHaveRay()) await ensureRay(say).catch((error) => say(error.message));
};

/** The fabric's own tests are Python's; Jest does not count them. */
const runFabricTests = async () => {
  const { passed, failed, ok } = await testFabric();
  total.passed += passed;
  total.failed += failed;
  return ok;
};

const suites = {
  unit: async () => {
    const ok = await runTask('test:unit', []);
    return (await runFabricTests()) && ok;
  },
  // Suites wait for half of their time: two of each of two workspaces at once, and at last three of the whole system, which wait less.
  integration: async () => {
    await fetchServers();
    const ok = await runTask('test:integration', ['--concurrency=2']);
    if (ok) return true;
    const before = total.failed;
    const healed = await runAgainAlone();
    if (healed.length > 0)
      process.stdout.write(`\n=== ran out of time beside others, and passed alone\n${healed.map(({ lines }) => lines[0]).join('\n')}\n`);
    return healed.length > 0 && healed.length === before;
  },
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(suites, name));
if (unknown) {
  process.stderr.write(`there is no suite ${unknown}; there are ${Object.keys(suites).join(', ')}\n`);
  process.exit(2);
}
let allWell = true;
for (const name of asked.length ? asked : Object.keys(suites)) allWell = (await suites[name]()) && allWell;
const failed = firstOfEach(faults).filter(({ healed }) => !healed);
if (failed.length > 0) process.stdout.write(`\n=== what failed\n${failed.map(({ lines }) => lines.join('\n').trimEnd()).join('\n\n')}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = allWell ? 0 : 1;
