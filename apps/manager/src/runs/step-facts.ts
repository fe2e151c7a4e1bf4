import { type ErrorPayload } from '@apwa/contracts';
import { type ProductFacts, isSettled } from '../owners/product.js';

/** A step with the table that it makes. */
export interface StepFacts {
  id: string;
  /** Ids of steps that it reads; inputs of the run are there anyway once steps run. */
  reads: string[];
  /** The one of them whose rows it may take one by one, while they are made. */
  follows: string | null;
  product: ProductFacts;
  /** What was found for its rows in other tables, where somebody looks: it begins afterwards. */
  match: ProductFacts | null;
  /** The table of its latest level, where it is made in levels: it goes on, or has its result, afterwards. */
  level: ProductFacts | null;
  /** Its failed rows by code, the most frequent first. */
  rowErrors: { code: string; rows: number }[];
  /** The planner wants to look at what it made. */
  review: boolean;
  /** It has failed, and did so before by the same code, doing the same. */
  failedAlike: boolean;
  /** Somebody has paused it: nothing of it begins. */
  paused: boolean;
  /** Somebody has cancelled it, or one that it needs. */
  cancelled: boolean;
}

export const isOpen = (product: ProductFacts | null): product is ProductFacts => product !== null && !isSettled(product);

/** Something was written down for it beside its table: it runs, or has run. */
export const hasBegun = ({ product, match, level }: StepFacts): boolean => product.state !== 'waiting' || match !== null || level !== null;

/** It comes to no result any more, as somebody wants. */
export const isCalledOff = ({ cancelled, product }: StepFacts): boolean => cancelled && product.state !== 'ready';

/** What of a step has not ended. */
export const openProducts = ({ match, level, product }: StepFacts): ProductFacts[] => [match, level, product].filter(isOpen);

/** Why a step makes its run fail, if it does: it failed, or not one of its rows succeeded. */
export const faultOf = (step: StepFacts, steps: readonly StepFacts[]): ErrorPayload | null => {
  const { id, follows, product, rowErrors } = step;
  if (isCalledOff(step)) return null;
  if (product.state === 'failed') return product.error ?? lost(`Step ${id} failed.`);
  // What takes the rows of a step that fails ends with it: that one says why.
  const followed = follows === null ? undefined : steps.find((one) => one.id === follows);
  if (product.state === 'cancelled') return followed && followed.product.state !== 'ready' ? null : lost(`Step ${id} was cancelled.`);
  // Only once its table is there: whoever looks for the reason finds the failed rows in it.
  if (product.state !== 'ready' || !allRowsFailed(product)) return null;
  const [most] = rowErrors;
  const why = most ? `: ${most.rows} of them with ${most.code}` : '';
  return {
    code: 'all_rows_failed',
    class: 'permanent',
    message: `All ${product.failedRows} rows of step ${id} failed${why}.`,
    field: `steps.${id}`,
    ...(most ? { value: most.code } : {}),
  };
};

export const allRowsFailed = ({ failedRows, okRows }: Pick<ProductFacts, 'failedRows' | 'okRows'>): boolean =>
  failedRows > 0 && okRows === 0;

const lost = (message: string): ErrorPayload => ({ code: 'step_lost', class: 'internal', message });
