import { type Timing } from '../settings.js';

/** This many ends in a row, none after a stable life, are a loop: trying again will not help by itself. */
export const CRASH_LOOP = 3;

export type Restart = { readonly kind: 'at_once' } | { readonly kind: 'after'; readonly ms: number };

/** What follows the `crashes`th end in a row: the first may be a chance, each further one is waited for twice as long. */
export const nextRestart = (crashes: number, times: Pick<Timing, 'restartMs' | 'restartMaxMs'>): Restart =>
  crashes <= 1 ? { kind: 'at_once' } : { kind: 'after', ms: Math.min(times.restartMs * 2 ** (crashes - 2), times.restartMaxMs) };
