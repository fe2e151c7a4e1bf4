import { join } from 'node:path';
import { type Plan } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { shortTextOf, writeRows } from '../contenders/rows-file.js';
import { median } from '../measure/statistics.js';
import { type Effort, measure } from '../measure/stopwatch.js';
import { type Course, Watch } from '../measure/watch.js';
import { atMost, figure, type Result, type Table } from '../report/outcome.js';
import { type Bench, count, counts, defineSuite } from '../suite.js';
import { jetStreamBytes } from '../system/jetstream.js';
import { labelPlan, measurePlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const MEMBERS = 2;
const SLOTS = 128;
const MEBIBYTE = 1024 * 1024;
const JETSTREAM = 'JetStream';
/** Runs of so many rows take minutes. */
const LARGE_ROWS = 500_000;
/** Runs up to this size are over before code is compiled: they are done once before they count. */
const WARM_UP_ROWS = 10_000;

interface Attempt extends Effort {
  /** Mebibytes: resident, of each process, and what JetStream holds. */
  courses: Record<string, Course>;
  /** Rows of shards and attempts that the run left in the ledger. */
  ledgerRows: number;
}

interface Size {
  mode: 'capability' | 'llm';
  rows: number;
  attempts: Attempt[];
}

export const scale = defineSuite({
  name: 'scale',
  description: 'runs from a thousand rows to a million: cost per row, memory of each service, ledger rows, JetStream',
  settings: {
    rows: counts('rows of runs that call a built-in function', [1_000, 10_000, 100_000, 1_000_000]),
    'llm-rows': counts('rows of runs that call the model, which answers at once', [1_000, 10_000, 100_000]),
    'large-repetitions': count('repetitions at most of runs with half a million rows or more', 3),
  },
  run: async (bench, { rows, 'llm-rows': llmRows, 'large-repetitions': large }) => {
    await bench.stub.begin(0);
    const system = await SystemUnderTest.start({ modelUrl: bench.stub.url, members: MEMBERS, slots: SLOTS });
    const messaging = await Messaging.connect({ url: system.stack.services.nats.url }, { name: 'benchmark' });
    const runSizes = async (mode: Size['mode'], asked: number[], plan: Plan): Promise<Size[]> => {
      const sizes: Size[] = [];
      for (const size of [...asked].sort((a, b) => a - b)) {
        const repetitions = size >= LARGE_ROWS ? Math.min(large, bench.repetitions) : bench.repetitions;
        sizes.push(await runSize({ ...bench, repetitions }, system, messaging, { mode, rows: size, attempts: [] }, plan));
      }
      return sizes;
    };
    try {
      const measured = await runSizes('capability', rows, measurePlan());
      const asked = await runSizes('llm', llmRows, labelPlan());
      return {
        tables: [tableOf([...measured, ...asked])],
        results: [...resultsOf(measured), ...resultsOf(asked)],
        raw: [...measured, ...asked],
      };
    } finally {
      await messaging.close();
      await system.stop();
    }
  },
});

const runSize = async (bench: Bench, system: SystemUnderTest, messaging: Messaging, size: Size, plan: Plan): Promise<Size> => {
  const { mode, rows } = size;
  const path = join(bench.dir, `short-${rows}.jsonl`);
  await writeRows(path, rows, shortTextOf);
  const table = await system.import(path);
  const once = async () => system.finished(await system.submit(table, plan), rows);
  if (rows <= WARM_UP_ROWS) await once();
  for (let repetition = 0; repetition < bench.repetitions; repetition++) {
    const watch = new Watch(async () => (await system.memoryMb()).set(JETSTREAM, (await jetStreamBytes(messaging)) / MEBIBYTE));
    const { value: run, effort } = await measure(system.roots, once);
    size.attempts.push({ ...effort, courses: await watch.stop(), ledgerRows: await ledgerRows(system, run.steps[0]?.stageId ?? '') });
    bench.say(`  ${mode}, ${rows} rows: ${effort.seconds.toFixed(1)} s, ${(effort.cpuMs / rows).toFixed(3)} ms/row`);
  }
  return size;
};

const ledgerRows = async (system: SystemUnderTest, stageId: string): Promise<number> => {
  const [found] = await system.ledger<{ n: number }>(
    `SELECT (SELECT count(*) FROM shards WHERE stage_id = $1)::int + (SELECT count(*) FROM attempts WHERE stage_id = $1)::int AS n`,
    [stageId],
  );
  return found?.n ?? 0;
};

const costOf = ({ rows, attempts }: Size): number => median(attempts.map(({ cpuMs }) => cpuMs / rows));
const peakOf = ({ attempts }: Size, ...names: string[]): number =>
  Math.max(...attempts.flatMap(({ courses }) => names.map((name) => courses[name]?.peak ?? 0)));
const ledgerOf = ({ attempts }: Size): number => Math.max(...attempts.map(({ ledgerRows: n }) => n));

const tableOf = (sizes: readonly Size[]): Table => ({
  title: `scale: ${MEMBERS} members with ${SLOTS} slots each, a model that answers at once`,
  columns: [
    'mode',
    'rows',
    'took s',
    'rows/s',
    'CPU ms/row',
    'executor MB',
    'manager MB',
    'member MB',
    'ledger rows',
    'JetStream MB',
    'after it',
  ],
  rows: sizes.map((size) => [
    size.mode,
    size.rows,
    median(size.attempts.map(({ seconds }) => seconds)),
    median(size.attempts.map(({ seconds }) => size.rows / seconds)),
    costOf(size),
    peakOf(size, 'executor'),
    peakOf(size, 'manager'),
    peakOf(size, 'member 1', 'member 2'),
    ledgerOf(size),
    peakOf(size, JETSTREAM),
    median(size.attempts.map(({ courses }) => courses[JETSTREAM]?.last ?? 0)),
  ]),
  notes: [
    'Memory is the most that was resident at any time of a run; JetStream what it held at most, and at the end of the run.',
    'A run has a price of its own, which shows where rows are few: a child process that describes the result, and the way through the services.',
  ],
});

/** Largest against the size before it: what a run costs by itself is a small part of both. */
const resultsOf = (sizes: readonly Size[]): Result[] => {
  const [largest, before] = [...sizes].reverse();
  if (!largest) return [];
  const title = `${largest.mode}, ${largest.rows.toLocaleString('en')} rows`;
  const flat = before && costOf(largest) / costOf(before);
  return [
    figure(`CPU per row, ${title}`, costOf(largest), 'ms'),
    ...(flat === undefined ? [] : [atMost(`CPU per row of that of the size below, ${title}`, flat, '×', 1.1)]),
    atMost(`executor resident, ${title}`, peakOf(largest, 'executor'), 'MB', 300),
    atMost(`manager resident, ${title}`, peakOf(largest, 'manager'), 'MB', 300),
    atMost(`ledger rows of all rows, ${title}`, ledgerOf(largest) / largest.rows, '', 0.01),
  ];
};
