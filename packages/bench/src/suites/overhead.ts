import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InstalledPeers, installPeers, PEERS } from '../contenders/peers.js';
import { type ProgramSpec, runProgram } from '../contenders/program.js';
import { writeRows } from '../contenders/rows-file.js';
import { INSTRUCTIONS, OUTPUT_SCHEMA, type Task } from '../contenders/task.js';
import { median } from '../measure/statistics.js';
import { type Effort, measure } from '../measure/stopwatch.js';
import { atLeast, atMost, figure, type Outcome, type Result, type Table } from '../report/outcome.js';
import { type StubStats } from '../stub/protocol.js';
import { type Bench, choice, count, defineSuite, type Load, loads } from '../suite.js';
import { labelPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const LOOP_PROGRAM = fileURLToPath(new URL('../contenders/openai-loop/main.js', import.meta.url));
/** Calls a second that one member carries easily: so many are started as the model's pace asks for, and one for each core at most. */
const CALLS_PER_SECOND = 2_000;
const MOST_WARM_UP = 1_000;

const APWA = 'APWA';
const LOOP = 'openai loop';
const TUNED = 'openai loop, our client';
const PEER_NAMES = { langgraph: 'LangGraph.js Send', mastra: 'Mastra foreach', 'ai-sdk': 'Vercel AI SDK' } as const;

interface Attempt extends Effort {
  stub: StubStats;
}

/** One who does the same rows: a name and what it took. */
interface Contender {
  name: string;
  rows: number;
  attempt: () => Promise<Effort>;
}

interface Standing {
  name: string;
  rows: number;
  attempts: Attempt[];
}

export const overhead = defineSuite({
  name: 'overhead',
  description: 'rows/s and CPU per row, beside a bare loop over openai, the same with our fetch, and other frameworks',
  settings: {
    loads: loads('what the model does', '200x100x20000,1000x1000x20000,0x100x20000'),
    peers: choice('frameworks to compare with', PEERS),
    'peer-rows': count('rows that the frameworks get at most', 20_000),
  },
  run: async (bench, { loads: asked, peers: names, 'peer-rows': peerRows }) => {
    const peers = names.length > 0 ? await installPeers(bench.say) : null;
    const outcome: Outcome & { raw: unknown[] } = { tables: [], results: [], raw: [] };
    for (const load of asked) {
      const rowsFile = join(bench.dir, `${load.rows}.jsonl`);
      await writeRows(rowsFile, load.rows);
      const standings = await compare(bench, load, rowsFile, peers ? names : [], peers, peerRows);
      outcome.tables.push(tableOf(load, standings));
      outcome.results.push(...resultsOf(load, standings));
      outcome.raw.push({ load, standings });
    }
    if (peers) outcome.raw.push({ peers: peers.versions });
    return outcome;
  },
});

const compare = async (
  bench: Bench,
  load: Load,
  rowsFile: string,
  names: readonly (keyof typeof PEER_NAMES)[],
  peers: InstalledPeers | null,
  peerRows: number,
): Promise<Standing[]> => {
  const system = await SystemUnderTest.start({
    modelUrl: bench.stub.url,
    members: membersFor(load),
    slots: Math.ceil(load.concurrency / membersFor(load)),
  });
  try {
    const contenders = [await systemContender(bench, system, load, rowsFile)];
    const program = (name: string, rows: number, spec: ProgramSpec) =>
      contenders.push({
        name,
        rows,
        attempt: () => runProgram(spec, taskOf(bench, load, rows, rowsFile), () => bench.stub.begin(load.latencyMs)),
      });
    program(LOOP, load.rows, { file: LOOP_PROGRAM });
    program(TUNED, load.rows, { file: LOOP_PROGRAM, args: ['tuned'] });
    for (const name of peers ? names : [])
      program(PEER_NAMES[name], Math.min(load.rows, peerRows), { file: join(peers?.folder ?? '', `${name}.mjs`), env: peers?.env });
    return await takeTurns(bench, load, contenders);
  } finally {
    await system.stop();
  }
};

/** Everybody once in each repetition, in another order each time: what disturbs the machine meets all alike. */
const takeTurns = async (bench: Bench, load: Load, contenders: readonly Contender[]): Promise<Standing[]> => {
  const standings = contenders.map(({ name, rows }): Standing => ({ name, rows, attempts: [] }));
  for (let repetition = 0; repetition < bench.repetitions; repetition++)
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + repetition) % contenders.length;
      const [contender, standing] = [contenders[index] as Contender, standings[index] as Standing];
      const effort = await contender.attempt();
      const attempt = { ...effort, stub: await bench.stub.stats() };
      standing.attempts.push(attempt);
      bench.say(
        `  ${titleOf(load)}: ${contender.name} ${(contender.rows / effort.seconds).toFixed(0)} rows/s, ${(effort.cpuMs / contender.rows).toFixed(3)} ms/row`,
      );
    }
  return standings;
};

const systemContender = async (bench: Bench, system: SystemUnderTest, load: Load, rowsFile: string): Promise<Contender> => {
  await bench.stub.begin(load.latencyMs);
  const table = await system.import(rowsFile);
  const run = async () => system.finished(await system.submit(table, labelPlan()), load.rows);
  // Compiled code is compared with compiled code.
  await run();
  return {
    name: APWA,
    rows: load.rows,
    attempt: async () => {
      await bench.stub.begin(load.latencyMs);
      return (await measure(system.roots, run)).effort;
    },
  };
};

const membersFor = (load: Load): number => Math.min(availableParallelism(), Math.ceil(mostRowsPerSecond(load) / CALLS_PER_SECOND));

/** What the model and the calls in flight allow; infinitely many of a model that answers at once. */
const mostRowsPerSecond = ({ latencyMs, concurrency }: Load): number => (concurrency * 1_000) / latencyMs;

const taskOf = (bench: Bench, { concurrency }: Load, rows: number, rowsFile: string): Task => ({
  rowsFile,
  rows,
  concurrency,
  baseUrl: bench.stub.url,
  instructions: INSTRUCTIONS,
  outputSchema: OUTPUT_SCHEMA,
  warmUp: Math.min(rows, MOST_WARM_UP),
});

const rateOf = ({ rows }: Standing, { seconds }: Attempt): number => rows / seconds;
const costOf = ({ rows }: Standing, { cpuMs }: Attempt): number => cpuMs / rows;

/** The median of the ratios of what was measured in the same repetition. */
const ratio = (of: typeof rateOf, one: Standing, other: Standing): number =>
  median(one.attempts.map((attempt, i) => of(one, attempt) / of(other, other.attempts[i] as Attempt)));

const titleOf = ({ latencyMs, concurrency }: Load): string => `${latencyMs} ms model, ${concurrency.toLocaleString('en')} in flight`;

const find = (standings: readonly Standing[], name: string): Standing => standings.find((one) => one.name === name) as Standing;

const tableOf = (load: Load, standings: readonly Standing[]): Table => {
  const loop = find(standings, LOOP);
  return {
    title: `overhead: ${titleOf(load)}`,
    columns: ['', 'rows', 'rows/s', '× loop', 'CPU ms/row', '× loop', 'most in flight', 'asked twice', 'other cores'],
    rows: standings.map((one) => [
      one.name,
      one.rows,
      median(one.attempts.map((attempt) => rateOf(one, attempt))),
      ratio(rateOf, one, loop),
      median(one.attempts.map((attempt) => costOf(one, attempt))),
      ratio(costOf, one, loop),
      Math.max(...one.attempts.map(({ stub }) => stub.maxInFlight)),
      Math.max(...one.attempts.map(({ stub }) => stub.repeats)),
      median(one.attempts.map(({ otherCores }) => otherCores)),
    ]),
    notes: [
      `Medians of ${loop.attempts.length}; ratios are medians of those taken in the same repetition.`,
      ...(load.latencyMs > 0 ? [`No more than ${mostRowsPerSecond(load).toFixed(0)} rows/s are possible.`] : []),
      `APWA makes the calls in ${membersFor(load)} process${membersFor(load) === 1 ? '' : 'es'}, everybody else in one.`,
      'CPU of all processes: manager, executor, members, NATS and Postgres of APWA; the stub and the benchmark count for nobody.',
      'LangGraph.js and Mastra call the model by openai itself, the cheapest way; the AI SDK by its own provider.',
    ],
  };
};

const resultsOf = (load: Load, standings: readonly Standing[]): Result[] => {
  const [apwa, loop, tuned] = [find(standings, APWA), find(standings, LOOP), find(standings, TUNED)];
  const title = titleOf(load);
  const peers = standings.filter(({ name }) => ![APWA, LOOP, TUNED].includes(name));
  return [
    atLeast(`rows/s of the bare loop's, ${title}`, ratio(rateOf, apwa, loop), '×', 1),
    atMost(`CPU per row of the bare loop's, ${title}`, ratio(costOf, apwa, loop), '×', 0.75),
    figure(`CPU per row of the tuned loop's, ${title}`, ratio(costOf, apwa, tuned), '×'),
    ...peers.flatMap((peer) => [
      atLeast(`rows/s of ${peer.name}'s, ${title}`, ratio(rateOf, apwa, peer), '×', 1),
      atMost(`CPU per row of ${peer.name}'s, ${title}`, ratio(costOf, apwa, peer), '×', 1),
    ]),
  ];
};
