import { type CallFigures } from './model.js';

/** What is known of a call that failed. */
export interface FailedCall extends CallFigures {
  /** What the model wrote, for a repair turn; null if nothing came. */
  text: string | null;
}

const FAILED_CALL = Symbol('failed call');

/** The call behind an error that `Model.complete` threw; undefined for any other error. */
export const callOf = (error: unknown): FailedCall | undefined =>
  typeof error === 'object' && error !== null ? (error as { [FAILED_CALL]?: FailedCall })[FAILED_CALL] : undefined;

/** Not enumerable: what a model wrote does not belong in logs of the error. */
export const withCall = <E extends Error>(error: E, call: FailedCall): E => Object.defineProperty(error, FAILED_CALL, { value: call });
