/**
 * How much of a known rate is used. Refusals cut it by the share of calls that were refused, which is what it was too high by;
 * then it grows again, slowly near the pace that was refused and faster the longer nothing happens.
 */
export interface Pace {
  /** Of the rate: 1 is all of it. */
  factor: number;
  /** When it was cut last, or began; in monotonic milliseconds. */
  since: number;
  /** Calls that were answered and refused lately, the older ones counting less and less. */
  answered: number;
  refused: number;
  seenAt: number;
  grownAt: number;
}

/** A little below the whole rate: what is given out evenly arrives unevenly. */
export const FIRST_PACE = 0.97;
export const MOST_PACE = 0.985;
const LEAST_PACE = 0.02;
/** Refusals within this time after a cut were on their way when it was made. Milliseconds. */
const CUT_EVERY_MS = 1_000;
/** A single cut: no less than this share, where a few calls among very many were refused, and no more than half. */
const LEAST_CUT = 0.01;
const MOST_CUT = 0.5;
/** What is "lately": milliseconds, and calls where fewer came in that time. */
const MEMORY_MS = 1_000;
const MEMORY_CALLS = 20;
/** After ten seconds without a refusal it has grown by 0.5 %, after a minute by 18 %. Per square second. */
const GROWTH = 0.00005;
/** Of a rate that nobody has told: refusals may tell a minute late that it is too high, so that it must not have gone far by then. Per second. */
const CAREFUL_GROWTH = 0.002;

export const newPace = (now: number): Pace => ({
  factor: FIRST_PACE,
  since: now,
  answered: MEMORY_CALLS,
  refused: 0,
  seenAt: now,
  grownAt: now,
});

/** Takes a member's figures; whether that made a cut. */
export const paceSaw = (pace: Pace, now: number, answered: number, refused: number): boolean => {
  const kept = Math.max(Math.exp((pace.seenAt - now) / MEMORY_MS), Math.min(1, MEMORY_CALLS / (pace.answered + pace.refused)));
  pace.answered = pace.answered * kept + answered;
  pace.refused = pace.refused * kept + refused;
  pace.seenAt = now;
  if (refused === 0 || now - pace.since < CUT_EVERY_MS) return false;
  const share = pace.refused / (pace.answered + pace.refused);
  pace.factor = Math.max(LEAST_PACE, pace.factor * (1 - Math.min(MOST_CUT, Math.max(LEAST_CUT, share))));
  pace.since = now;
  pace.grownAt = now;
  return true;
};

export const paceIsAtMost = (pace: Pace, factor: number): void => {
  pace.factor = Math.max(LEAST_PACE, Math.min(pace.factor, factor));
};

/** Lets the pace grow up to `now`, to no more than `most`. `careful`: of a rate that nobody has told. */
export const paceGrows = (pace: Pace, now: number, { most, careful }: { most: number; careful: boolean }): void => {
  const seconds = (at: number) => Math.max(0, at - pace.since) / 1_000;
  const growth = GROWTH * (seconds(now) ** 2 - seconds(pace.grownAt) ** 2);
  const grown = pace.factor + (careful ? Math.min(growth, (CAREFUL_GROWTH * (now - pace.grownAt)) / 1_000) : growth);
  pace.factor = Math.max(pace.factor, Math.min(most, grown));
  pace.grownAt = now;
};
