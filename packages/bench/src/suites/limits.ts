import { join } from 'node:path';
import { until } from '@apwa/test-kit';
import { writeRows } from '../contenders/rows-file.js';
import { median } from '../measure/statistics.js';
import { atLeast, atMost, figure, type Outcome, type Result, type Table } from '../report/outcome.js';
import { type Bench, count, defineSuite } from '../suite.js';
import { labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';
import { type StubStats } from '../stub/protocol.js';

const MEMBERS = 2;
const SLOTS = 128;
const PATIENCE_MS = 300_000;

/** What a case came to. */
interface Case {
  /** Answers, of those that the limit allowed while there was work. */
  used: number;
  /** Of all requests. */
  refused: number;
}

interface Sizes {
  rows: number;
  perMinute: number;
  modelMs: number;
}

export const limits = defineSuite({
  name: 'limits',
  description:
    'share of an allowed rate that is used, and of calls that are refused: a limit that is known, one that is found out and halves, two runs by weight',
  settings: {
    rows: count('rows of each run', 3_000),
    'per-minute': count('requests per minute that the model allows', 6_000),
    'model-ms': count('milliseconds of each call', 300),
  },
  run: async (bench, { rows, 'per-minute': perMinute, 'model-ms': modelMs }) => {
    const sizes = { rows, perMinute, modelMs };
    const cases: Record<string, Case[]> = { known: [], 'found out, halved on the way': [] };
    const shares: number[] = [];
    for (let repetition = 0; repetition < bench.repetitions; repetition++) {
      cases.known?.push(await told(bench, 'known', () => withKnownLimit(bench, sizes)));
      cases['found out, halved on the way']?.push(await told(bench, 'found out', () => withLimitThatHalves(bench, sizes)));
      shares.push(await byWeight(bench, sizes));
      bench.say(`  of two runs with weights 1 and 3 the second got ${(shares.at(-1) ?? 0).toFixed(3)} of the rate`);
    }
    return report(cases, shares, sizes);
  },
});

const told = async ({ say }: Bench, name: string, play: () => Promise<Case>): Promise<Case> => {
  const { used, refused } = await play();
  say(`  ${name}: ${(used * 100).toFixed(1)} % of the rate used, ${(refused * 100).toFixed(2)} % of calls refused`);
  return { used, refused };
};

const prepared = async (bench: Bench, { rows, modelMs }: Sizes, known: number | null) => {
  const system = await SystemUnderTest.start({
    modelUrl: bench.stub.url,
    members: MEMBERS,
    slots: SLOTS,
    ...(known === null ? {} : { limits: { requestsPerMinute: known } }),
  });
  const path = join(bench.dir, 'limits.jsonl');
  await writeRows(path, rows);
  const table = await system.import(path);
  await bench.stub.begin(modelMs);
  return { system, table };
};

/** Answers while there was work, of those that were allowed: what is left for the last moments is no matter of the rate. */
const usedOf = ({ firstRequestAt, lastAnswerAt, requests, refused }: StubStats, perMinute: number, modelMs: number): number => {
  if (firstRequestAt === null || lastAnswerAt === null) throw new Error('the model was not called');
  const minutes = (lastAnswerAt - firstRequestAt - modelMs) / 60_000;
  return (requests - refused) / (perMinute * minutes);
};

const withKnownLimit = async (bench: Bench, sizes: Sizes): Promise<Case> => {
  const { system, table } = await prepared(bench, sizes, sizes.perMinute);
  try {
    await bench.stub.limit(sizes.perMinute);
    await system.finished(await system.submit(table, labelPlan()), sizes.rows);
    const stats = await bench.stub.stats();
    return { used: usedOf(stats, sizes.perMinute, sizes.modelMs), refused: stats.refused / stats.requests };
  } finally {
    await bench.stub.limit(null);
    await system.stop();
  }
};

/** Nobody is told of the limit but by 429, and when half of the rows are done it is half of what it was. */
const withLimitThatHalves = async (bench: Bench, sizes: Sizes): Promise<Case> => {
  const { system, table } = await prepared(bench, sizes, null);
  const { rows, perMinute, modelMs } = sizes;
  try {
    await bench.stub.limit(perMinute);
    const run = await system.submit(table, labelPlan());
    const answered = async (): Promise<StubStats> => bench.stub.stats();
    await until(async () => (await answered()).requests - (await answered()).refused >= rows / 2, {
      timeoutMs: PATIENCE_MS,
      what: 'half of the rows',
    });
    await bench.stub.limit(perMinute / 2);
    const before = await answered();
    await system.finished(run, rows);
    const after = await answered();
    const [first, second] = [before.requests - before.refused, after.requests - after.refused - (before.requests - before.refused)];
    const halfAt = before.lastAnswerAt ?? 0;
    const allowed =
      (perMinute * (halfAt - (before.firstRequestAt ?? 0))) / 60_000 +
      ((perMinute / 2) * ((after.lastAnswerAt ?? 0) - modelMs - halfAt)) / 60_000;
    return { used: (first + second) / allowed, refused: after.refused / after.requests };
  } finally {
    await bench.stub.limit(null);
    await system.stop();
  }
};

/** The share of answers that the run with weight 3 gets beside one with weight 1, while both have work. */
const byWeight = async (bench: Bench, sizes: Sizes): Promise<number> => {
  const { system, table } = await prepared(bench, sizes, sizes.perMinute);
  try {
    await bench.stub.limit(sizes.perMinute);
    const light = await system.submit(table, labelPlan(), { weight: 1 });
    const heavy = await system.submit(table, labelPlan(), { weight: 3 });
    const done = async (id: string): Promise<number> => (await system.client.runs.get(id)).steps[0]?.counts.ok ?? 0;
    const both = async () => ({ light: await done(light.id), heavy: await done(heavy.id) });
    // From when both are under way until the heavier one is nearly through.
    await until(async () => Object.values(await both()).every((rows) => rows > 0), { timeoutMs: PATIENCE_MS, what: 'both runs' });
    const from = await both();
    await until(async () => (await done(heavy.id)) >= sizes.rows * 0.9, { timeoutMs: PATIENCE_MS, what: 'the heavier run' });
    const to = await both();
    for (const { id } of [light, heavy]) await system.client.runs.cancel(id);
    for (const { id } of [light, heavy]) await system.client.runs.wait(id);
    const [ofLight, ofHeavy] = [to.light - from.light, to.heavy - from.heavy];
    return ofHeavy / (ofLight + ofHeavy);
  } finally {
    await bench.stub.limit(null);
    await system.stop();
  }
};

const report = (cases: Record<string, Case[]>, shares: number[], { rows, perMinute, modelMs }: Sizes): Outcome => {
  const medianOf = (found: readonly Case[], of: (one: Case) => number): number => median(found.map(of));
  const table: Table = {
    title: `limits: ${rows.toLocaleString('en')} rows, ${perMinute.toLocaleString('en')} requests per minute, ${modelMs} ms model, ${MEMBERS} members with ${SLOTS} slots each`,
    columns: ['limit', 'runs', '% of the rate used', '% of calls refused'],
    rows: Object.entries(cases).map(([name, found]) => [
      name,
      found.length,
      medianOf(found, ({ used }) => used) * 100,
      medianOf(found, ({ refused }) => refused) * 100,
    ]),
    notes: ['The model keeps no more of what is not used than for a second.'],
  };
  const results: Result[] = Object.entries(cases).flatMap(([name, found]) => [
    atLeast(
      `rate used, limit ${name}`,
      medianOf(found, ({ used }) => used),
      'share',
      0.9,
    ),
    atMost(
      `calls refused, limit ${name}`,
      medianOf(found, ({ refused }) => refused),
      'share',
      0.02,
    ),
  ]);
  return {
    tables: [table],
    results: [...results, figure('of the rate, to the run of weight 3 beside one of weight 1', median(shares), 'share')],
    raw: { cases, shares },
  };
};
