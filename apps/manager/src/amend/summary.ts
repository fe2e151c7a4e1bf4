import {
  type AmendmentCause,
  type ErrorPayload,
  type JsonObject,
  type Run,
  type RowErrorCode,
  addUsage,
  excerpt,
  inputsOf,
  tokensOf,
} from '@apwa/contracts';
import { type Standing } from './standings.js';

/** Rows of the step that a summary is about, as far as they could be read. */
export interface Samples {
  ok: JsonObject[];
  failed: JsonObject[];
}

export interface SummaryFacts {
  run: Pick<Run, 'plan' | 'steps' | 'planning' | 'sampling' | 'replaced' | 'budget' | 'amendments'>;
  about: { step: string; cause: AmendmentCause; error: ErrorPayload | null };
  standings: ReadonlyMap<string, Standing>;
  /** Steps whose failed rows may be done again. */
  redoable: readonly string[];
  /** Changes that are left, this one counted. */
  left: number;
  samples: Samples;
}

/** Kinds of failures that are told of a step, and how much of an example. */
const MOST_CODES = 8;
const EXAMPLE_CHARACTERS = 300;

/** How a run under way stands, for the planner: small however large its tables are. */
export const summaryOf = ({ run, about, standings, redoable, left, samples }: SummaryFacts): object => ({
  about: { step: about.step, cause: about.cause, ...(about.error ? { error: excerpt(about.error.message, 1_000) } : {}) },
  steps: run.steps.map((step) => stepOf(step, run.plan, mayOf(standings.get(step.id), redoable.includes(step.id)))),
  spent: spentOf(run),
  budget: run.budget && { limits: run.budget.limits, spent: run.budget.spent },
  amendments_left: left,
  before: run.amendments.flatMap(({ step, cause, outcome, redo, reason }) =>
    outcome === null
      ? []
      : [{ step, cause, outcome, ...(redo.length > 0 ? { redo } : {}), reason: excerpt(reason ?? '', EXAMPLE_CHARACTERS) }],
  ),
  samples: { table: about.step, ...samples },
});

const stepOf = ({ id, kind, state, rowsIn, counts }: Run['steps'][number], plan: Run['plan'], may: string): object => {
  const errors = (Object.entries(counts.errors) as [RowErrorCode, number][]).sort(([, a], [, b]) => b - a);
  const reads = (plan?.steps ?? []).filter((step) => step.id === id).flatMap(inputsOf);
  return {
    id,
    kind,
    state,
    may,
    reads,
    ...(state === 'waiting' ? {} : { rows_in: rowsIn, ok: counts.ok, failed: counts.failed }),
    ...(errors.length > 0
      ? {
          failures: errors.slice(0, MOST_CODES).map(([code, rows]) => ({
            code,
            rows,
            ...(counts.examples[code] === undefined ? {} : { example: excerpt(counts.examples[code], EXAMPLE_CHARACTERS) }),
          })),
        }
      : {}),
    ...(counts.calls > 0 ? { calls: counts.calls, tokens: tokensOf(counts.usage), cost_usd: counts.costUsd } : {}),
  };
};

const mayOf = (standing: Standing | undefined, redo: boolean): string => {
  switch (standing) {
    case 'open':
      return 'change';
    case 'failed':
      return 'change, to be done again';
    case 'begun':
    case 'again':
    case 'behind':
    case undefined:
      return redo ? 'stay as it is, or redo' : 'stay as it is';
  }
};

const spentOf = ({ steps, planning, sampling, replaced }: SummaryFacts['run']): object => {
  const all = [...steps.map(({ counts }) => counts), { ...planning, calls: planning.turns }, sampling, replaced];
  const usage = all.map((one) => one.usage).reduce(addUsage);
  return {
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
    tokens: tokensOf(usage),
    cost_usd: all.reduce((sum, { costUsd }) => sum + costUsd, 0),
  };
};
