import { type PauseReason, type RunControl, type RunPause, type StepControl, type TableState, isTerminal } from '@apwa/contracts';
import { isDeepStrictEqual } from 'node:util';
import { type StoredState } from './next.js';

/** What decides whether a run can be paused or resumed. */
export interface PauseFacts {
  state: StoredState;
  cancelRequested: boolean;
  /** It fails: its other work is being stopped. */
  failing: boolean;
  paused: RunPause | null;
}

export type PauseDecision =
  /** It is paused, or goes on, from now on. */
  | { decision: 'change' }
  /** It was paused already, and for a weightier reason than before from now on. */
  | { decision: 'explain' }
  | { decision: 'nothing' }
  /** `is`: what is in the way, in a word. */
  | { decision: 'refused'; is: string; allowed: string };

/**
 * Pausing a run that is paused changes nothing, except that a person's word outweighs a machine's: what paused it for want of
 * money or of a provider does not let it go on then.
 */
export const decidePause = (facts: PauseFacts, reason: PauseReason): PauseDecision => {
  const over = overBy(facts);
  if (over) return { decision: 'refused', is: over, allowed: 'a run that has not ended' };
  if (!facts.paused) return { decision: 'change' };
  return reason === 'user' && facts.paused.reason !== 'user' ? { decision: 'explain' } : { decision: 'nothing' };
};

export const decideResume = (facts: PauseFacts): PauseDecision => {
  const is = overBy(facts) ?? (facts.paused ? null : facts.state);
  return is === null ? { decision: 'change' } : { decision: 'refused', is, allowed: 'a run that is paused' };
};

/** What decides whether a step can be paused, resumed or cancelled. */
export interface StepPauseFacts {
  run: PauseFacts;
  /** The step has ended, however. */
  ended: TableState | null;
  paused: boolean;
  cancelled: boolean;
}

export const decideStep = ({ run, ended, paused, cancelled }: StepPauseFacts, wanted: StepControl): PauseDecision => {
  const over = overBy(run);
  if (over) return { decision: 'refused', is: `of a run that is ${over}`, allowed: 'a step of a run that has not ended' };
  if (wanted === 'cancel' && cancelled) return { decision: 'nothing' };
  if (ended !== null || cancelled) return { decision: 'refused', is: ended ?? 'cancelled', allowed: 'a step that has not ended' };
  if (wanted === 'resume')
    return paused ? { decision: 'change' } : { decision: 'refused', is: 'not paused', allowed: 'a step that is paused' };
  return wanted === 'pause' && paused ? { decision: 'nothing' } : { decision: 'change' };
};

/** In what way a run is at its end, or on its way there. */
const overBy = ({ state, cancelRequested, failing }: PauseFacts): string | null => {
  if (isTerminal(state)) return state;
  if (cancelRequested) return 'cancelling';
  return failing ? 'failing' : null;
};

/**
 * What the executor's answer to a control means. `overtaken`: it holds a newer one that says something else (one of the two was
 * taken back to an older state): told again with a version above, it follows.
 */
export const afterControl = (
  told: Pick<RunControl, 'state' | 'version' | 'held'>,
  holds: Pick<RunControl, 'state' | 'version' | 'held'>,
): 'known' | 'overtaken' => {
  const same = holds.state === told.state && isDeepStrictEqual(new Set(holds.held), new Set(told.held));
  return holds.version > told.version && !same && holds.state !== 'cancelled' ? 'overtaken' : 'known';
};

/** A pause that is over. Unix milliseconds. */
export interface PastPause {
  from: number;
  to: number;
}

/** For how much of a time (Unix milliseconds) a run was paused. */
export const pausedWithin = (pauses: readonly PastPause[], from: number, to: number): number =>
  pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(pause.to, to) - Math.max(pause.from, from)), 0);
