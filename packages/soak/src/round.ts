import { isTerminal } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { type Fault, FAULTS } from './faults.js';
import { type Footing, leaksOf } from './leaks.js';
import { Random } from './random.js';
import { type SoakSystem } from './soak-system.js';
import { checkRows } from './task.js';

/** At most, after the return of what was away. DESIGN §10. */
const RETURN_MS = 10_000;
/** Longer than that nobody waits for work to go on. */
const PATIENCE_MS = 60_000;
const MOST_FAULTS = 3;
/** Faults strike while the run has work, as a share of its rows. */
const FIRST_SHARE = 0.03;
const LAST_SHARE = 0.8;

export interface RoundReport {
  round: number;
  seed: number;
  /** In their order, with what part of the rows was done, and how long work took to go on after the return. */
  faults: { name: string; atShare: number; returnMs: number }[];
  lost: number;
  doubled: number;
  wrong: number;
  extraCalls: number;
  allowedCalls: number;
  leaks: string[];
  /** What should not be, in words; none if the round is right. */
  findings: string[];
  ms: number;
}

export interface RoundOptions {
  round: number;
  seed: number;
  rows: number;
  /** These alone; all that are possible here if left out. */
  only: readonly string[];
  footing: Footing;
}

/** One run, in the middle of which things go wrong as the seed says. */
export const playRound = async (system: SoakSystem, { round, seed, rows, only, footing }: RoundOptions): Promise<RoundReport> => {
  const random = new Random(seed);
  const begun = performance.now();
  system.model.forget();
  const id = await system.submit(rows);
  const faults: RoundReport['faults'] = [];
  let allowedCalls = 0;
  for (const { fault, share } of drawn(system, random, only)) {
    await eventually(() => system.model.rows >= share * rows, { timeoutMs: PATIENCE_MS, what: `${share} of the rows` });
    const atShare = system.model.rows / rows;
    const { allowedCalls: allowed, returnedAt } = await fault.strike(system, random);
    allowedCalls += allowed;
    faults.push({ name: fault.name, atShare: round2(atShare), returnMs: await goesOn(system, id, returnedAt) });
  }
  const run = await system.end(id);
  // What haste has cost is told, and bounded elsewhere.
  allowedCalls += run.steps.reduce((sum, { copies }) => sum + copies.calls, 0);
  const check = checkRows(await system.rows(run), rows);
  const extraCalls = system.model.repeats;
  const leaks = await leaksOf(system, footing);
  const found = [
    ...(run.state === 'succeeded' ? [] : [`the run ended ${run.state}: ${run.error?.message ?? ''}`]),
    ...Object.entries(check).flatMap(([what, n]) => (n > 0 ? [`${n} rows ${what}`] : [])),
    ...(extraCalls > allowedCalls ? [`${extraCalls} extra calls, and ${allowedCalls} are allowed`] : []),
    ...faults.flatMap(({ name, returnMs }) => (returnMs > RETURN_MS ? [`work went on ${returnMs} ms after ${name}`] : [])),
    ...leaks,
  ];
  return { round, seed, faults, ...check, extraCalls, allowedCalls, leaks, findings: found, ms: Math.round(performance.now() - begun) };
};

const drawn = (system: SoakSystem, random: Random, only: readonly string[]): { fault: Fault; share: number }[] => {
  const possible = FAULTS.filter(({ name, possible: may }) => (only.length === 0 || only.includes(name)) && (may?.(system) ?? true));
  const count = random.int(1, MOST_FAULTS);
  const shares = Array.from({ length: count }, () => FIRST_SHARE + random.share() * (LAST_SHARE - FIRST_SHARE)).sort((a, b) => a - b);
  return shares.map((share) => ({ fault: random.pick(possible), share }));
};

/** Milliseconds from the return until a row has an answer that had none, or nothing is left to do. */
const goesOn = async (system: SoakSystem, id: string, returnedAt: number): Promise<number> => {
  let at = 0;
  await eventually(
    async () => {
      at = system.model.progressAt;
      if (at > returnedAt) return true;
      at = performance.now();
      return isTerminal((await system.run(id)).state);
    },
    { timeoutMs: PATIENCE_MS, what: 'work to go on' },
  );
  return Math.round(at - returnedAt);
};

const round2 = (share: number): number => Math.round(share * 100) / 100;
