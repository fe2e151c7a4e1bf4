import { join } from 'node:path';
import { until } from '@apwa/test-kit';
import { writeRows } from '../contenders/rows-file.js';
import { median } from '../measure/statistics.js';
import { figure, type Outcome, type Table } from '../report/outcome.js';
import { type Bench, count, defineSuite } from '../suite.js';
import { labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const MEMBERS = 2;
const SLOTS = 64;
/** Runs in each repetition: single ones are short. */
const RUNS = 5;
/** Milliseconds until the huge run has filled the pool. */
const PATIENCE_MS = 60_000;

export const fairness = defineSuite({
  name: 'fairness',
  description: 'a small run beside a huge one: its time against its time alone',
  settings: {
    small: count('rows of the small run', 100),
    huge: count('rows of the huge run', 100_000),
    'model-ms': count('milliseconds of each call', 200),
  },
  run: async (bench, { small, huge, 'model-ms': modelMs }) => {
    const system = await SystemUnderTest.start({ modelUrl: bench.stub.url, members: MEMBERS, slots: SLOTS });
    try {
      await bench.stub.begin(modelMs);
      const [smallTable, hugeTable] = [await tableOfRows(bench, system, small), await tableOfRows(bench, system, huge)];
      const time = async (): Promise<number> => {
        const startedAt = performance.now();
        await system.finished(await system.submit(smallTable, labelPlan()), small);
        return performance.now() - startedAt;
      };
      await time();
      const times = { alone: [] as number[], beside: [] as number[] };
      for (let repetition = 0; repetition < bench.repetitions; repetition++) {
        for (let n = 0; n < RUNS; n++) times.alone.push(await time());
        const { id } = await system.submit(hugeTable, labelPlan());
        const filled = async () => (await bench.stub.stats()).inFlight >= MEMBERS * SLOTS;
        await until(filled, { timeoutMs: PATIENCE_MS, what: 'the huge run to fill the pool' });
        for (let n = 0; n < RUNS; n++) times.beside.push(await time());
        if ((await system.client.runs.get(id)).finishedAt)
          throw new Error('the huge run ended while the small ones were timed: it needs more rows');
        await system.client.runs.cancel(id);
        await system.client.runs.wait(id);
        bench.say(`  alone ${median(times.alone).toFixed(0)} ms, beside ${median(times.beside).toFixed(0)} ms`);
      }
      return report(times.alone, times.beside, { small, huge, modelMs });
    } finally {
      await system.stop();
    }
  },
});

const tableOfRows = async (bench: Bench, system: SystemUnderTest, rows: number): Promise<string> => {
  const path = join(bench.dir, `${rows}.jsonl`);
  await writeRows(path, rows);
  return system.import(path);
};

const report = (alone: number[], beside: number[], sizes: { small: number; huge: number; modelMs: number }): Outcome => {
  const row = (name: string, times: number[]) => [name, times.length, median(times), Math.min(...times), Math.max(...times)];
  const table: Table = {
    title: `fairness: a run of ${sizes.small} rows, ${sizes.modelMs} ms model, ${MEMBERS} members with ${SLOTS} slots each`,
    columns: ['', 'runs', 'median ms', 'least', 'most'],
    rows: [row('alone', alone), row(`beside a run of ${sizes.huge.toLocaleString('en')} rows`, beside)],
    notes: ['From submission to end. Two runs share the slots: half of them each.'],
  };
  return {
    tables: [table],
    results: [figure('time of a small run beside a huge one, of its time alone', median(beside) / median(alone), '×')],
    raw: { alone, beside },
  };
};
