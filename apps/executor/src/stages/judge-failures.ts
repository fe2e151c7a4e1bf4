import { DEFAULT_MIN_ROWS, type ErrorPayload, type FailureBound, type RowErrorCode, type StageCounts } from '@apwa/contracts';

/** Whether a stage goes on after so many of its rows have failed. */
export type FailureJudgement = { readonly kind: 'go_on' } | { readonly kind: 'stop'; readonly fault: ErrorPayload };

/** What the same instructions will meet again. */
const HOPELESS: readonly RowErrorCode[] = [
  'truncated',
  'refused',
  'filtered',
  'empty',
  'malformed',
  'invalid_output',
  'context_exceeded',
  'invalid_arguments',
  'capability_failed',
  'capability_timeout',
  'capability_bad_output',
  'capability_out_of_memory',
  'capability_crashed',
];
/** Codes that a fault names, the commonest first. */
const NAMED_CODES = 3;

/**
 * Pure. `counts`: committed and in progress. `bound`: what the template says; without one a stage ends whose first rows have all
 * failed alike. Rows that had failed in the step before cost nothing here, and say nothing of this template: they are left out.
 */
export const judgeFailures = (counts: StageCounts, bound: FailureBound | undefined): FailureJudgement => {
  const failed = counts.failed - (counts.errors.input_failed ?? 0);
  const done = counts.ok + failed;
  if (!exceeds(failed, done, counts, bound)) return { kind: 'go_on' };
  const rows = bound ? `${failed} of ${done} rows have failed, and ${allowance(bound)} may` : `the first ${failed} rows have all failed`;
  return {
    kind: 'stop',
    fault: {
      code: 'too_many_failures',
      class: 'permanent',
      message: `${rows}: ${commonest(counts)}`,
      field: 'template.retry.stopWhenFailuresExceed',
      ...(bound ? { value: JSON.stringify(bound) } : {}),
      allowed: 'instructions and an output that the model can follow; a larger count or share; { "share": 1 } to go on whatever fails',
    },
  };
};

const exceeds = (failed: number, done: number, counts: StageCounts, bound: FailureBound | undefined): boolean => {
  if (!bound) return counts.ok === 0 && failed >= DEFAULT_MIN_ROWS && HOPELESS.some((code) => counts.errors[code] === failed);
  if ('count' in bound) return failed > bound.count;
  return done >= (bound.minRows ?? DEFAULT_MIN_ROWS) && failed > bound.share * done;
};

const allowance = (bound: FailureBound): string => ('count' in bound ? String(bound.count) : `a share of ${bound.share}`);

/** `invalid_output 40, empty 2; for example: label: must be one of a, b` */
const commonest = ({ errors, examples }: StageCounts): string => {
  const codes = (Object.entries(errors) as [RowErrorCode, number][])
    .filter(([code]) => code !== 'input_failed')
    .sort(([, a], [, b]) => b - a);
  const named = codes.slice(0, NAMED_CODES).map(([code, rows]) => `${code} ${rows}`);
  const example = codes.map(([code]) => examples[code]).find((message) => message !== undefined);
  return `${named.join(', ')}${example === undefined ? '' : `; for example: ${example}`}`;
};
