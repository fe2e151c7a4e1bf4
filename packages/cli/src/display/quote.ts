import type { Estimate, Quote, Run, StepQuote } from '@apwa/contracts';
import { columns } from '../output.js';
import { cost, duration, number } from './format.js';

type Shown = (value: number) => string;

/** `1,500 (1,480–1,620)`, or the figure alone where it is certain. */
const range = ({ low, expected, high }: Estimate, shown: Shown): string => {
  const [from, to] = [shown(low), shown(high)];
  return from === to ? shown(expected) : `${shown(expected)} (${from}–${to})`;
};

const figuresText = ({ calls, tokens, costUsd, timeMs }: Pick<StepQuote, 'calls' | 'tokens' | 'costUsd' | 'timeMs'>): string =>
  [`${range(calls, number)} calls`, `${range(tokens, number)} tokens`, range(costUsd, cost), range(timeMs, duration)].join(', ');

/** What a figure goes by: `sample of 20 rows, 1 of them failed`. */
const basisText = ({ basis }: Pick<StepQuote, 'basis'>): string => {
  if (basis.kind === 'estimate') return `estimate: ${basis.why}`;
  return `sample of ${number(basis.rows)} rows${basis.failed > 0 ? `, ${number(basis.failed)} of them failed` : ''}`;
};

/** What each step is to cost, by step, in a line. */
export const quoteNotes = ({ steps }: Pick<Quote, 'steps'>): Map<string, string> =>
  new Map(steps.map((step) => [step.step, `quote: ${figuresText(step)}; ${basisText(step)}`]));

export const quoteTotal = ({ total }: { total: Quote['total'] }): string =>
  `quote for all: ${figuresText(total)}; each interval holds nine times of ten`;

const HEADS = ['STEP', 'CALLS', 'QUOTED', 'TOKENS', 'QUOTED', 'COST', 'QUOTED', 'TIME', 'QUOTED', 'BY'];

type Compared = NonNullable<Run['quote']>['total'];

const row = (name: string, { actual, calls, tokens, costUsd, timeMs }: Compared, basis: string): string[] => {
  const known = (value: number | undefined, shown: Shown): string => (value === undefined ? '–' : shown(value));
  return [
    name,
    known(actual?.calls, number),
    range(calls, number),
    known(actual?.tokens, number),
    range(tokens, number),
    known(actual?.costUsd, cost),
    range(costUsd, cost),
    known(actual?.timeMs, duration),
    range(timeMs, duration),
    basis,
  ];
};

/** A quote beside what it came to; empty without one. */
export const quoteTable = ({ quote }: Pick<Run, 'quote'>): string =>
  quote === null || quote.steps.length === 0
    ? ''
    : columns([
        HEADS,
        ...quote.steps.map((step) => row(step.step, step, basisText(step))),
        ...(quote.steps.length > 1 ? [row('total', quote.total, '')] : []),
      ]);
