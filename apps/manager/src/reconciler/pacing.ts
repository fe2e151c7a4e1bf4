import { type ApwaError } from '@apwa/contracts';
import { type Timing } from '../settings.js';

export type Outcome = { outcome: 'again'; afterMs: number } | { outcome: 'give_up' };

/** Internal errors are tried again some times: one of them may have been bad luck. */
const INTERNAL_TRIES = 5;
/** Work that ran into its deadline this often would do so for ever. */
const DEADLINE_TRIES = 5;

/**
 * What becomes of an action that failed for the `tries`th time in a row. Whatever is only unavailable is waited for, however
 * long: a run outlives an outage of any service.
 */
export const afterFailure = (error: ApwaError, tries: number, { retryMs, retryMaxMs }: Timing): Outcome => {
  const afterMs = Math.max(error.details.retryAfterMs ?? 0, Math.min(retryMaxMs, retryMs * 2 ** Math.min(tries - 1, 16)));
  switch (error.class) {
    case 'transient':
      return error.code === 'deadline_exceeded' && tries >= DEADLINE_TRIES ? { outcome: 'give_up' } : { outcome: 'again', afterMs };
    case 'internal':
      return tries >= INTERNAL_TRIES ? { outcome: 'give_up' } : { outcome: 'again', afterMs };
    case 'permanent':
    case 'refused':
      return { outcome: 'give_up' };
  }
};
