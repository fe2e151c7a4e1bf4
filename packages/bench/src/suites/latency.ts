import { join } from 'node:path';
import { executorOperations, InternalError, newId, type StageWork } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { until } from '@apwa/test-kit';
import { writeRows } from '../contenders/rows-file.js';
import { quantile } from '../measure/statistics.js';
import { atMost, figure, type Table } from '../report/outcome.js';
import { monotonicMs } from '../stub/protocol.js';
import { type Bench, count, defineSuite } from '../suite.js';
import { labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const MEMBERS = 2;
const SLOTS = 64;
const MODEL_MS = 20;
/** Stages and runs that are not counted: the first ones find code that is not compiled. */
const WARM_UP = 10;
/** The longest that a stage or a run of some rows may take. Milliseconds. */
const PATIENCE_MS = 30_000;
const SHARES = [0.5, 0.95, 0.99, 1];

export const latency = defineSuite({
  name: 'latency',
  description: 'how soon a warm pool makes the first model call of a stage, and of a run',
  settings: { samples: count('stages, and as many runs, in each repetition', 100), rows: count('rows of each', 64) },
  run: async (bench, { samples, rows }) => {
    const path = join(bench.dir, `${rows}.jsonl`);
    await writeRows(path, rows);
    const system = await SystemUnderTest.start({ modelUrl: bench.stub.url, members: MEMBERS, slots: SLOTS });
    const messaging = await Messaging.connect({ url: system.stack.services.nats.url }, { name: 'benchmark' });
    try {
      const table = await system.import(path);
      const run = async () => system.finished(await system.submit(table, labelPlan()), rows);
      const work = await workOf(messaging, (await run()).steps[0]?.stageId);
      const stages: number[] = [];
      const runs: number[] = [];
      for (let sample = -WARM_UP; sample < samples * bench.repetitions; sample++) {
        const [ofStage, ofRun] = [await firstCall(bench, () => runStage(messaging, work)), await firstCall(bench, run)];
        if (sample < 0) continue;
        stages.push(ofStage);
        runs.push(ofRun);
      }
      return {
        tables: [tableOf({ 'stage, submitted to the executor': stages, 'run with a plan, submitted over HTTP': runs })],
        results: [
          atMost("stage's submission to its first model call, p95", quantile(stages, 0.95), 'ms', 50),
          figure("stage's submission to its first model call, p50", quantile(stages, 0.5), 'ms'),
          figure("run's submission to its first model call, p95", quantile(runs, 0.95), 'ms'),
        ],
        raw: { stages, runs },
      };
    } finally {
      await messaging.close();
      await system.stop();
    }
  },
});

/** Milliseconds from the moment at which `work` begins to the stub's first request. */
const firstCall = async ({ stub }: Bench, work: () => Promise<unknown>): Promise<number> => {
  await stub.begin(MODEL_MS);
  const begunAt = monotonicMs();
  await work();
  const { firstRequestAt } = await stub.stats();
  if (firstRequestAt === null) throw new InternalError('no_call', 'the work ended without a model call');
  return firstRequestAt - begunAt;
};

/** The work that the manager submitted for a stage: to be submitted again by ourselves. */
const workOf = async (messaging: Messaging, stageId: string | null | undefined): Promise<StageWork> => {
  if (!stageId) throw new InternalError('no_stage', 'the run has no stage');
  return (await messaging.request(executorOperations.getStageWork, { stageId })).work;
};

/** Submits a stage of an owner of its own, as the manager does, and waits until it has ended. */
const runStage = async (messaging: Messaging, work: StageWork): Promise<void> => {
  const [stageId, ownerId] = [newId('stage'), newId('run')];
  await messaging.request(executorOperations.submitStage, { stageId, ownerId, work, resources: {} });
  const ended = async () => (await messaging.request(executorOperations.getStage, { stageId })).state !== 'running';
  await until(ended, { timeoutMs: PATIENCE_MS, what: `stage ${stageId} to end` });
};

const tableOf = (samples: Record<string, number[]>): Table => ({
  title: 'latency: submission to first model call, warm',
  columns: ['', 'samples', ...SHARES.map((share) => (share === 1 ? 'most ms' : `p${share * 100} ms`))],
  rows: Object.entries(samples).map(([name, values]) => [name, values.length, ...SHARES.map((share) => quantile(values, share))]),
  notes: [`${MEMBERS} members with ${SLOTS} slots each, nothing else to do.`],
});
