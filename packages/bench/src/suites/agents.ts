import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../contenders/program.js';
import { writeRows } from '../contenders/rows-file.js';
import { INSTRUCTIONS, OUTPUT_SCHEMA, type Task } from '../contenders/task.js';
import { median } from '../measure/statistics.js';
import { type Effort, measure } from '../measure/stopwatch.js';
import { type Course, Watch } from '../measure/watch.js';
import { atLeast, atMost, figure, type Outcome, type Table } from '../report/outcome.js';
import { type StubStats } from '../stub/protocol.js';
import { count, defineSuite } from '../suite.js';
import { agentPlan } from '../system/plans.js';
import { SystemUnderTest } from '../system/system-under-test.js';

const LOOP_PROGRAM = fileURLToPath(new URL('../contenders/agent-loop/main.js', import.meta.url));
/** Megabytes that one member may take for all of its agents. */
const MEMBER_MB = 1_024;

interface Attempt {
  apwa: Effort;
  loop: Effort;
  stub: StubStats;
  memory: Record<string, Course>;
}

export const agents = defineSuite({
  name: 'agents',
  description: 'agents in flight on one member, turn by turn, beside the same loop over openai written by hand: rows/s, CPU, memory',
  settings: {
    'in-flight': count('agents at a time', 1_000),
    turns: count('answers of the model for each', 10),
    'model-ms': count('milliseconds of each call', 1_000),
    rounds: count('rows for each agent in flight', 2),
  },
  run: async (bench, { 'in-flight': inFlight, turns, 'model-ms': modelMs, rounds }) => {
    const rows = inFlight * rounds;
    const rowsFile = join(bench.dir, `${rows}.jsonl`);
    await writeRows(rowsFile, rows);
    const task: Task = {
      rowsFile,
      rows,
      concurrency: inFlight,
      baseUrl: bench.stub.url,
      instructions: INSTRUCTIONS,
      outputSchema: OUTPUT_SCHEMA,
      warmUp: inFlight,
      turns,
    };
    const system = await SystemUnderTest.start({ modelUrl: bench.stub.url, members: 1, slots: inFlight });
    const attempts: Attempt[] = [];
    try {
      const table = await system.import(rowsFile);
      const run = async () => system.finished(await system.submit(table, agentPlan(turns)), rows);
      await bench.stub.converse(turns);
      // Compiled code is compared with compiled code.
      await bench.stub.begin(0);
      await run();
      for (let repetition = 0; repetition < bench.repetitions; repetition++) {
        await bench.stub.begin(modelMs);
        const watch = new Watch(() => system.memoryMb());
        const { effort: apwa } = await measure(system.roots, run);
        const [stub, memory] = [await bench.stub.stats(), await watch.stop()];
        await bench.stub.begin(0);
        const loop = await runProgram({ file: LOOP_PROGRAM }, task, () => bench.stub.begin(modelMs));
        attempts.push({ apwa, loop, stub, memory });
        bench.say(`  ${inFlight} agents of ${turns} turns: APWA ${apwa.seconds.toFixed(1)} s, openai loop ${loop.seconds.toFixed(1)} s`);
      }
    } finally {
      await bench.stub.converse(null);
      await system.stop();
    }
    return outcomeOf(attempts, { inFlight, turns, modelMs, rows });
  },
});

const outcomeOf = (attempts: readonly Attempt[], load: { inFlight: number; turns: number; modelMs: number; rows: number }): Outcome => {
  const { inFlight, turns, modelMs, rows } = load;
  const seconds = (who: 'apwa' | 'loop') => median(attempts.map((attempt) => attempt[who].seconds));
  const cpuMs = (who: 'apwa' | 'loop') => median(attempts.map((attempt) => attempt[who].cpuMs / (rows * turns)));
  const memberMb = Math.max(...attempts.map(({ memory }) => memory['member 1']?.peak ?? 0));
  const table: Table = {
    title: `agents: ${inFlight} in flight, ${turns} turns of ${modelMs} ms each, ${rows} rows, one member`,
    columns: ['who', 'took s', 'rows/s', 'CPU ms/call', 'member MB', 'most in flight', 'asked twice'],
    rows: [
      [
        'APWA',
        seconds('apwa'),
        rows / seconds('apwa'),
        cpuMs('apwa'),
        memberMb,
        median(attempts.map(({ stub }) => stub.maxInFlight)),
        Math.max(...attempts.map(({ stub }) => stub.repeats)),
      ],
      ['openai loop', seconds('loop'), rows / seconds('loop'), cpuMs('loop'), null, null, null],
    ],
    notes: [`Medians of ${attempts.length}. Each turn of APWA's is in the journal before its next call begins; the loop keeps nothing.`],
  };
  return {
    tables: [table],
    results: [
      atLeast('agents: rows/s, as a share of the loop written by hand', seconds('loop') / seconds('apwa'), '', 0.9),
      atMost(`agents: memory of a member with ${inFlight} in flight`, memberMb, 'MB', MEMBER_MB),
      figure('agents: CPU of a call, as a share of that of the loop', cpuMs('apwa') / cpuMs('loop'), ''),
    ],
    raw: attempts,
  };
};
