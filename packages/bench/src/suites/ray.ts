import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureRayWith } from '@apwa/ray';
import { canHaveRay, RayTestCluster } from '@apwa/test-kit';
import { runPythonProgram } from '../contenders/python-program.js';
import { writeRows } from '../contenders/rows-file.js';
import { INSTRUCTIONS, OUTPUT_SCHEMA } from '../contenders/task.js';
import { median } from '../measure/statistics.js';
import { type Effort, measure } from '../measure/stopwatch.js';
import { atLeast, atMost, type Outcome } from '../report/outcome.js';
import { type Bench, defineSuite, type Load, loads } from '../suite.js';
import { labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const PEER = fileURLToPath(new URL('../../peers/ray/', import.meta.url));
const WARM_UP = 500;

const PROCESSES = 'APWA, members as processes';
const ON_RAY = 'APWA, members on Ray';
const TASKS = 'Ray tasks over AsyncOpenAI';
const NAMES = [PROCESSES, ON_RAY, TASKS] as const;
type Name = (typeof NAMES)[number];

export const ray = defineSuite({
  name: 'ray',
  description: 'the same rows with members as processes and on Ray, and beside Ray tasks that call the model themselves',
  settings: { loads: loads('what the model does', '200x200x10000') },
  run: async (bench, { loads: asked }) => {
    const outcome: Outcome & { raw: unknown[] } = { tables: [], results: [], raw: [] };
    if (!(await canHaveRay())) {
      bench.say('Left out: Ray takes Python, of which there is none here.');
      return outcome;
    }
    const packages = (await readFile(join(PEER, 'requirements.txt'), 'utf8')).trim().split('\n');
    const python = await ensureRayWith('bench-ray', packages, bench.say);
    for (const load of asked) await compare(bench, load, python, outcome);
    return outcome;
  },
});

const compare = async (bench: Bench, load: Load, python: string, outcome: Outcome & { raw: unknown[] }): Promise<void> => {
  const rowsFile = join(bench.dir, `ray-${load.rows}.jsonl`);
  await writeRows(rowsFile, load.rows);
  const cores = availableParallelism();
  const efforts: Record<Name, Effort[]> = { [PROCESSES]: [], [ON_RAY]: [], [TASKS]: [] };
  for (let repetition = 0; repetition < bench.repetitions; repetition++)
    for (let turn = 0; turn < NAMES.length; turn++) {
      const name = NAMES[(turn + repetition) % NAMES.length] as Name;
      // Each has the machine, and a cluster, to itself.
      const cluster = name === PROCESSES ? undefined : await RayTestCluster.start({ head: cores, python });
      try {
        const effort =
          cluster && name === TASKS
            ? await tasks(bench, load, rowsFile, python, cluster)
            : await system(bench, load, rowsFile, cores, cluster);
        efforts[name].push(effort);
        bench.say(`  ${name}: ${(load.rows / effort.seconds).toFixed(0)} rows/s, ${(effort.cpuMs / load.rows).toFixed(3)} ms/row`);
      } finally {
        await cluster?.stop();
      }
    }
  outcome.raw.push({ load, efforts });
  report(load, efforts, cores, outcome);
};

const system = async (
  bench: Bench,
  load: Load,
  rowsFile: string,
  members: number,
  cluster: RayTestCluster | undefined,
): Promise<Effort> => {
  const slots = Math.ceil(load.concurrency / members);
  const under = await SystemUnderTest.start({ modelUrl: bench.stub.url, members, slots, ...(cluster ? { ray: cluster } : {}) });
  try {
    await bench.stub.begin(load.latencyMs);
    const table = await under.import(rowsFile);
    const run = async () => under.finished(await under.submit(table, labelPlan()), load.rows);
    // Compiled code is compared with compiled code.
    await run();
    await bench.stub.begin(load.latencyMs);
    return (await measure(under.roots, run)).effort;
  } finally {
    await under.stop();
  }
};

const tasks = (bench: Bench, load: Load, rowsFile: string, python: string, { head }: RayTestCluster): Promise<Effort> =>
  runPythonProgram(
    {
      python,
      file: join(PEER, 'tasks.py'),
      args: [head.gcsAddress],
      env: { RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN_PATH: head.tokenFile },
      roots: new Map([['Ray', head.pid as number]]),
    },
    { rowsFile, ...load, baseUrl: bench.stub.url, instructions: INSTRUCTIONS, outputSchema: OUTPUT_SCHEMA, warmUp: WARM_UP },
    () => bench.stub.begin(load.latencyMs),
  );

const report = (load: Load, efforts: Record<Name, Effort[]>, cores: number, { tables, results }: Outcome): void => {
  const rate = ({ seconds }: Effort) => load.rows / seconds;
  const cost = ({ cpuMs }: Effort) => cpuMs / load.rows;
  const ratio = (of: (effort: Effort) => number, one: Name, other: Name) =>
    median(efforts[one].map((effort, i) => of(effort) / of(efforts[other][i] as Effort)));
  const title = `${load.latencyMs} ms model, ${load.concurrency} in flight`;
  tables.push({
    title: `ray: ${title}, ${load.rows.toLocaleString('en')} rows`,
    columns: ['', 'rows/s', 'CPU ms/row'],
    rows: NAMES.map((name) => [name, median(efforts[name].map(rate)), median(efforts[name].map(cost))]),
    notes: [
      `Medians of ${efforts[ON_RAY].length}; a cluster of one node with ${cores} CPUs, a new one each time.`,
      'CPU of all processes, those of Ray where it is used; the stub and the benchmark count for nobody.',
    ],
  });
  results.push(
    atLeast(`rows/s on Ray of those as processes, ${title}`, ratio(rate, ON_RAY, PROCESSES), '×', 0.95),
    atLeast(`rows/s on Ray of Ray tasks', ${title}`, ratio(rate, ON_RAY, TASKS), '×', 1),
    atMost(`CPU per row on Ray of Ray tasks', ${title}`, ratio(cost, ON_RAY, TASKS), '×', 1),
  );
};
