import { join } from 'node:path';
import { type Plan } from '@apwa/contracts';
import { until } from '@apwa/test-kit';
import { writeRows } from '../contenders/rows-file.js';
import { INSTRUCTIONS } from '../contenders/task.js';
import { median } from '../measure/statistics.js';
import { atLeast, figure, type Outcome } from '../report/outcome.js';
import { type Bench, count, defineSuite } from '../suite.js';
import { chainPlan, labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const MEMBERS = 2;
const SLOTS = 128;
const PATIENCE_MS = 180_000;
/** The row whose calls take long in the first step. */
const SLOW_ROW = 7;

interface Times {
  /** From submission to end. Milliseconds. */
  total: number[];
  /** Rows of the second step that were done when the slow row had its answer, as a share. */
  doneBefore: number[];
}

export const streaming = defineSuite({
  name: 'streaming',
  description: 'two steps that go row by row against the same with a barrier between them, one row being slow; what prompts share',
  settings: {
    rows: count('rows', 4_000),
    'model-ms': count('milliseconds of each call', 300),
    // Longer than both steps take without it: else slots, and not the row, are what the second step waits for.
    'slow-ms': count('milliseconds of the call of one row', 60_000),
  },
  run: async (bench, { rows, 'model-ms': modelMs, 'slow-ms': slowMs }) => {
    const system = await SystemUnderTest.start({ modelUrl: bench.stub.url, members: MEMBERS, slots: SLOTS });
    try {
      const path = join(bench.dir, 'streaming.jsonl');
      await writeRows(path, rows);
      const table = await system.import(path);
      const shared = await sharedOf(bench, system, { table, rows, modelMs });
      const measured: Record<'streaming' | 'barrier', Times> = {
        streaming: { total: [], doneBefore: [] },
        barrier: { total: [], doneBefore: [] },
      };
      for (let repetition = 0; repetition < bench.repetitions; repetition++)
        for (const kind of ['barrier', 'streaming'] as const) {
          const plan = chainPlan(kind === 'barrier');
          const { total, doneBefore } = await timed(bench, system, { table, rows, modelMs, slowMs, plan });
          measured[kind].total.push(total);
          measured[kind].doneBefore.push(doneBefore);
          bench.say(`  ${kind}: ${total.toFixed(0)} ms, ${(doneBefore * 100).toFixed(1)} % of the second step before the slow row`);
        }
      return report(measured, shared, { rows, modelMs, slowMs });
    } finally {
      await bench.stub.slow(null);
      await system.stop();
    }
  },
});

interface Task {
  table: string;
  rows: number;
  modelMs: number;
}

interface Shared {
  /** Of what stands before the row's message, the share that is the same in all prompts. */
  staticPart: number;
  /** Of a whole prompt. */
  prompt: number;
}

const sharedOf = async ({ stub }: Bench, system: SystemUnderTest, { table, rows, modelMs }: Task): Promise<Shared> => {
  await stub.begin(modelMs);
  await system.finished(await system.submit(table, labelPlan()), rows);
  const { meanBytes, staticBytes, sharedBytes } = (await stub.stats()).prompts;
  return { staticPart: Math.min(1, sharedBytes / staticBytes), prompt: sharedBytes / meanBytes };
};

const timed = async (
  { stub }: Bench,
  system: SystemUnderTest,
  { table, rows, modelMs, slowMs, plan }: Task & { slowMs: number; plan: Plan },
): Promise<{ total: number; doneBefore: number }> => {
  await stub.begin(modelMs);
  // Every call for it in the first step: second attempts meet it too.
  await stub.slow({ row: SLOW_ROW, prompt: INSTRUCTIONS, ms: slowMs });
  const startedAt = performance.now();
  const run = await system.submit(table, plan);
  const [first, last] = [plan.steps[0]?.id, plan.steps.at(-1)?.id];
  let doneBefore = 0;
  await until(
    async () => {
      const { steps } = await system.client.runs.get(run.id);
      const [begins, ends] = [first, last].map((id) => steps.find((step) => step.id === id));
      if (begins?.counts.ok === rows) return true;
      doneBefore = (ends?.counts.ok ?? 0) / rows;
      return false;
    },
    { timeoutMs: PATIENCE_MS, what: 'the slow row' },
  );
  await system.finished(run, rows);
  return { total: performance.now() - startedAt, doneBefore };
};

const report = (
  { streaming: streamed, barrier }: Record<'streaming' | 'barrier', Times>,
  shared: Shared,
  { rows, modelMs, slowMs }: { rows: number; modelMs: number; slowMs: number },
): Outcome => {
  const line = (name: string, { total, doneBefore }: Times) => [name, total.length, median(total), median(doneBefore) * 100];
  return {
    tables: [
      {
        title: `streaming: two maps over ${rows.toLocaleString('en')} rows, ${modelMs} ms model, one row of ${slowMs} ms in the first, ${MEMBERS} members with ${SLOTS} slots each`,
        columns: ['', 'runs', 'median ms', '% of the second step before the slow row'],
        rows: [line('barrier', barrier), line('row by row', streamed)],
        notes: ['The barrier is a query between the two steps that selects everything.'],
      },
    ],
    results: [
      figure('time of two steps row by row, of their time with a barrier', median(streamed.total) / median(barrier.total), '×'),
      atLeast('rows of the second step that are done before a slow row of the first', median(streamed.doneBefore), 'share', 0.99),
      atLeast('static part of prompts that is the same bytes for every row', shared.staticPart, 'share', 0.95),
      figure('bytes of a prompt that are the same for every row', shared.prompt, 'share'),
    ],
    raw: { streaming: streamed, barrier, shared },
  };
};
