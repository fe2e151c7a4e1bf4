import { type RoundReport, playRound } from './round.js';
import { footingOf } from './leaks.js';
import { SoakSystem } from './soak-system.js';

export interface SoakOptions {
  rounds: number;
  /** Of the first round; each further one has the next. */
  seed: number;
  /** Of each round's run. */
  rows: number;
  only: readonly string[];
  /** Of agents, answers of the model for each row; 1: each row is asked once. */
  turns: number;
  /** Takes a line for a person. */
  say: (line: string) => void;
}

/** The last line of the command. */
export interface SoakSummary {
  rounds: number;
  rows: number;
  lost: number;
  doubled: number;
  extraCalls: number;
  slowestReturnMs: number;
  leaks: number;
  seed: number;
  /** Rows with an answer that the model never gave. */
  wrong: number;
  allowedCalls: number;
  /** How often each fault struck. */
  faults: Record<string, number>;
  /** Seeds of the rounds in which something was wrong: `--rounds 1 --seed N` plays one again. */
  failedSeeds: number[];
}

/** Plays rounds on one system, the first of them without a fault. Goes on after a round in which something was wrong. */
export const soak = async ({ rounds, seed, rows, only, turns, say }: SoakOptions): Promise<SoakSummary> => {
  const system = await SoakSystem.start(say, turns);
  try {
    await undisturbed(system, rows, say);
    const footing = await footingOf(system);
    const reports: RoundReport[] = [];
    for (let round = 1; round <= rounds; round++) {
      const report = await playRound(system, { round, seed: seed + round - 1, rows, only, footing });
      reports.push(report);
      say(lineOf(report, rounds));
    }
    return summaryOf(reports, rows, seed);
  } finally {
    await system.stop();
  }
};

const undisturbed = async (system: SoakSystem, rows: number, say: SoakOptions['say']): Promise<void> => {
  const begun = performance.now();
  const run = await system.end(await system.submit(rows));
  say(`undisturbed: ${rows} rows ${run.state} in ${seconds(performance.now() - begun)}`);
};

const lineOf = ({ round, seed, faults, extraCalls, allowedCalls, findings, ms }: RoundReport, rounds: number): string => {
  const struck = faults.map(({ name, atShare, returnMs }) => `${name} at ${Math.round(atShare * 100)} % (on after ${returnMs} ms)`);
  const right = findings.length === 0 ? 'right' : `WRONG: ${findings.join('; ')}`;
  return `round ${round}/${rounds}, seed ${seed}: ${struck.join(', ')}; ${extraCalls} of ${allowedCalls} extra calls, ${seconds(ms)}: ${right}`;
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const summaryOf = (reports: readonly RoundReport[], rows: number, seed: number): SoakSummary => {
  const sum = (of: (report: RoundReport) => number): number => reports.reduce((all, report) => all + of(report), 0);
  const faults: Record<string, number> = {};
  for (const { name } of reports.flatMap((report) => report.faults)) faults[name] = (faults[name] ?? 0) + 1;
  return {
    rounds: reports.length,
    rows,
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    extraCalls: sum(({ extraCalls }) => extraCalls),
    slowestReturnMs: Math.max(0, ...reports.flatMap((report) => report.faults.map(({ returnMs }) => returnMs))),
    leaks: sum(({ leaks }) => leaks.length),
    seed,
    wrong: sum(({ wrong }) => wrong),
    allowedCalls: sum(({ allowedCalls }) => allowedCalls),
    faults,
    failedSeeds: reports.filter(({ findings }) => findings.length > 0).map((report) => report.seed),
  };
};
