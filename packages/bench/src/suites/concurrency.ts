import { join } from 'node:path';
import { writeRows } from '../contenders/rows-file.js';
import { median } from '../measure/statistics.js';
import { type Effort, measure } from '../measure/stopwatch.js';
import { type Course, Watch } from '../measure/watch.js';
import { atLeast, figure, type Outcome, type Result, type Table } from '../report/outcome.js';
import { type StubStats } from '../stub/protocol.js';
import { type Bench, count, counts, defineSuite } from '../suite.js';
import { labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const MEMBERS = 2;

interface Attempt extends Effort {
  stub: StubStats;
  memory: Record<string, Course>;
}

interface Level {
  inFlight: number;
  rows: number;
  idealSeconds: number;
  attempts: Attempt[];
}

export const concurrency = defineSuite({
  name: 'concurrency',
  description: 'thousands of calls in flight: share of the ideal time, what the stub saw, memory',
  settings: {
    levels: counts('calls in flight', [1_000, 2_500, 5_000, 10_000]),
    'model-ms': count('milliseconds of each call', 5_000),
    rounds: count('rows for each call in flight', 4),
  },
  run: async (bench, { levels: asked, 'model-ms': modelMs, rounds }) => {
    const levels: Level[] = [];
    for (const inFlight of asked) levels.push(await runLevel(bench, inFlight, modelMs, rounds));
    return { tables: [tableOf(levels, modelMs)], results: levels.flatMap(resultsOf), raw: levels } satisfies Outcome;
  },
});

const runLevel = async (bench: Bench, inFlight: number, modelMs: number, rounds: number): Promise<Level> => {
  const rows = inFlight * rounds;
  const path = join(bench.dir, `${rows}.jsonl`);
  await writeRows(path, rows);
  const level: Level = { inFlight, rows, idealSeconds: (rounds * modelMs) / 1000, attempts: [] };
  const system = await SystemUnderTest.start({ modelUrl: bench.stub.url, members: MEMBERS, slots: Math.ceil(inFlight / MEMBERS) });
  try {
    const table = await system.import(path);
    const run = async () => system.finished(await system.submit(table, labelPlan()), rows);
    // Compiled code and open connections, as in a pool that has been at work.
    await bench.stub.begin(0);
    await run();
    for (let repetition = 0; repetition < bench.repetitions; repetition++) {
      await bench.stub.begin(modelMs);
      const watch = new Watch(() => system.memoryMb());
      const { effort } = await measure(system.roots, run);
      level.attempts.push({ ...effort, stub: await bench.stub.stats(), memory: await watch.stop() });
      bench.say(`  ${inFlight} in flight: ${effort.seconds.toFixed(1)} s where ${level.idealSeconds} s are ideal`);
    }
  } finally {
    await system.stop();
  }
  return level;
};

const shareOf = ({ idealSeconds, attempts }: Level): number => median(attempts.map(({ seconds }) => idealSeconds / seconds));
const seenBy = ({ attempts }: Level): number => median(attempts.map(({ stub }) => stub.maxInFlight));
const peakOf = ({ attempts }: Level, name: string): number => Math.max(...attempts.map(({ memory }) => memory[name]?.peak ?? 0));

const tableOf = (levels: readonly Level[], modelMs: number): Table => ({
  title: `concurrency: ${modelMs} ms model, ${MEMBERS} members`,
  columns: [
    'in flight',
    'rows',
    'ideal s',
    'took s',
    'share of ideal',
    'stub saw',
    'asked twice',
    'CPU ms/row',
    'member MB',
    'executor MB',
    'manager MB',
  ],
  rows: levels.map((level) => [
    level.inFlight,
    level.rows,
    level.idealSeconds,
    median(level.attempts.map(({ seconds }) => seconds)),
    shareOf(level),
    seenBy(level),
    Math.max(...level.attempts.map(({ stub }) => stub.repeats)),
    median(level.attempts.map(({ cpuMs }) => cpuMs / level.rows)),
    Math.max(peakOf(level, 'member 1'), peakOf(level, 'member 2')),
    peakOf(level, 'executor'),
    peakOf(level, 'manager'),
  ]),
  notes: [
    `Medians of ${levels[0]?.attempts.length ?? 0}; memory is the most that was resident. From the run's submission to its end.`,
    'The stub runs on the same cores.',
  ],
});

const resultsOf = (level: Level): Result[] => [
  atLeast(`share of the ideal makespan, ${level.inFlight} in flight`, shareOf(level), '', 0.9),
  figure(`most in flight, as the stub saw it, of ${level.inFlight}`, seenBy(level), 'calls'),
];
