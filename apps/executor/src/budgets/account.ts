import { addAmounts, type Amounts, type BudgetQuestion, type BudgetTerms, noAmounts } from '@apwa/contracts';

const KINDS = ['usd', 'tokens', 'rows'] as const;
type Kind = (typeof KINDS)[number];

/** Sums of fractions are off by less than this share of them. */
const ROUNDING = 1e-9;
/** Of what is free an asker gets no more than this share, divided by the number of askers: leases shrink as the budget does. */
const SHARE = 0.5;

/** What a member has told of a run's budget, and what it was given of it. */
export interface Lease {
  readonly holds: Amounts;
  readonly spent: Amounts;
  readonly open: Amounts;
  readonly reserved: Amounts;
}

/** A run's budget as one member's question finds it. */
export interface Account {
  readonly terms: BudgetTerms;
  /** All members but the asker, those that are gone among them. */
  readonly others: {
    /** What they may come to. */
    holds: Amounts;
    /** Of `holds` what they may give back. */
    loose: Amounts;
    /** Those that have asked lately. */
    askers: number;
  };
  /** Nothing is given to runs that are paused or cancelled. */
  readonly active: boolean;
}

export interface Verdict {
  /** What the asker may come to from now on. */
  holds: Amounts;
  /** The run can't go on: this kind is used up, and nobody has any of it to give back. */
  usedUp: Kind | null;
}

const map = (of: (kind: Kind) => number): Amounts => ({ usd: of('usd'), tokens: of('tokens'), rows: of('rows') });

/** What is there of an amount, rounding aside. */
const covers = (free: number, wanted: number): boolean => wanted <= free * (1 + ROUNDING);

/**
 * Answers a member's question. All that members hold together stays within the budget, except for calls that took more than was put
 * aside for them; so nobody has to know what the others do just now.
 */
export const answer = ({ terms, others, active }: Account, question: BudgetQuestion): Verdict => {
  const { spent, reserved, next } = question;
  const used = addAmounts(spent, reserved);
  const kept = map((kind) => Math.max(question.holds[kind], used[kind]));
  const limited = KINDS.filter((kind) => terms[kind] !== null);
  const free = (kind: Kind) => Math.max(0, (terms[kind] ?? Infinity) - terms.planning[kind] - others.holds[kind] - kept[kind]);
  if (!active) return { holds: kept, usedUp: null };
  const short = map((kind) => (next === null ? 0 : Math.max(0, next[kind] + used[kind] - kept[kind])));
  const lacking = limited.find((kind) => !covers(free(kind), short[kind])) ?? null;
  if (next !== null && lacking !== null) {
    const back = others.loose[lacking] + kept[lacking] - spent[lacking];
    return { holds: kept, usedUp: back <= ROUNDING * Math.max(1, others.holds[lacking] + kept[lacking]) ? lacking : null };
  }
  // Of all kinds the same share, so that what is given of one is of use.
  const most = (kind: Kind) => (free(kind) * SHARE) / (others.askers + 1);
  const share = limited.reduce((least, kind) => (question.wants[kind] > 0 ? Math.min(least, most(kind) / question.wants[kind]) : least), 1);
  return { holds: map((kind) => kept[kind] + Math.max(short[kind], question.wants[kind] * share)), usedUp: null };
};

/** What the asker has put aside for calls under way once it has heard the answer: those that waited begin at once. */
export const reservedAfter = ({ spent, reserved, next }: BudgetQuestion, holds: Amounts): Amounts =>
  next === null ? reserved : map((kind) => Math.max(reserved[kind], holds[kind] - spent[kind]));

/**
 * What a member that is gone has spent at most, by what it told last and by what its attempts that were under way have journaled since
 * their beginning. Its calls under way were made, and nobody will hear what they took; those that began since it told of itself are no more
 * than those that ended since, which count twice: as journaled, and as under way.
 */
export const settlement = ({ holds, spent, open, reserved }: Lease, journaled: Amounts): Amounts =>
  map((kind) =>
    Math.min(Math.max(holds[kind], spent[kind]), spent[kind] - open[kind] + Math.max(open[kind], journaled[kind]) + reserved[kind]),
  );

const money = (usd: number): string => `$${usd === 0 || usd >= 0.995 ? usd.toFixed(2) : usd.toPrecision(2)}`;
const count = (amount: number): string => Math.round(amount).toLocaleString('en-US');

/** Why a run stands still, for a person. */
export const usedUpMessage = (ownerId: string, kind: Kind, { terms, others }: Account, { spent, next }: BudgetQuestion): string => {
  const limit = terms[kind] ?? 0;
  const used = terms.planning[kind] + others.holds[kind] + spent[kind];
  const needs = next?.[kind] ?? 0;
  const raise = `raise it with apwa runs resume ${ownerId} ${{ usd: '--budget USD', tokens: '--max-tokens N', rows: '--max-rows N' }[kind]}`;
  switch (kind) {
    case 'usd':
      return `the budget of ${money(limit)} is used up (${money(used)} spent, the next call may cost ${money(needs)}); ${raise}`;
    case 'tokens':
      return `the budget of ${count(limit)} tokens is used up (${count(used)} spent, the next call may take ${count(needs)}); ${raise}`;
    case 'rows':
      return `the budget of ${count(limit)} rows is used up; ${raise}`;
  }
};

export const noLease = (): Lease => ({ holds: noAmounts(), spent: noAmounts(), open: noAmounts(), reserved: noAmounts() });
