// Runs the suites of all workspaces and ends with one line that sums them up: `N passed, N failed`.
import { spawn } from 'node:child_process';
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
/** What Jest says of each failed test, beneath its name: long logs are cut in the middle, so it is said again at the end. */
const faults = [];
const FAULT_LINES = 40;

/** Takes the lines of one task's output; gathers what stands beneath `●`, to the next one or the end of the suite. */
const faultGatherer = () => {
  let fault = null;
  return (line) => {
    const plain = line.replace(ANSI, '');
    if (/^(\S+: )?\s*● .+ › |● Test suite failed to run/.test(plain)) faults.push((fault = [plain]));
    else if (/^(\S+: )?(PASS|FAIL|Test Suites:)/.test(plain)) fault = null;
    else if (fault && fault.length < FAULT_LINES) fault.push(plain);
  };
};

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

/** Fetched before the suites: it can take longer than a test may. */
const fetchNats = async () => {
  const { ensureNatsServer } = await import('../packages/stack/dist/index.js');
  await ensureNatsServer((line) => process.stderr.write(`${line}\n`));
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
  // One workspace at a time: each starts servers of its own and kills them, which takes the machine.
  integration: async () => {
    await fetchNats();
    return runTask('test:integration', ['--concurrency=1']);
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
// Jest says a fault twice where there are several suites.
const said = new Map(faults.map((lines) => [lines[0], lines.join('\n').trimEnd()]));
if (said.size > 0) process.stdout.write(`\n=== what failed\n${[...said.values()].join('\n\n')}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = allWell ? 0 : 1;
