import { type AttemptState, type StageState } from '@apwa/contracts';
import { type KeyPlace } from '../ledger/part-keys.js';

/** What the ledger knows of the place that a key names; null: there is none. */
export interface KeyFacts {
  stage: StageState | null;
  attempt: AttemptState | null;
  /** A committed shard names the key. */
  committed: boolean;
}

/**
 * Whether the ledger names an object, or may still come to do so. A revoked attempt can commit nothing any more, nor can one that
 * is not in the ledger (HAZARDS H4); answers that were too large for the journal are read for as long as their stage runs.
 */
export const isNamed = (kind: KeyPlace['kind'], { stage, attempt, committed }: KeyFacts): boolean => {
  switch (kind) {
    case 'part':
      return committed || (stage === 'running' && attempt === 'active');
    case 'journaled':
      return stage === 'running';
  }
};
