/** What a member may be given, by what it holds and what waits. */
export type ShareOfWork = 'ordinary' | 'suspects' | 'nothing';

export interface Claimant {
  /** Attempts of the member that are active in the ledger. */
  readonly attempts: number;
  /** One of them is at a suspect. */
  readonly alone: boolean;
  readonly freeSlots: number;
  /** All slots of the member. */
  readonly slots: number;
}

/**
 * Suspects run in a member that holds nothing else, by the ledger's word and by its own: what the ledger has taken back may still be in
 * flight there. Whoever is so free takes suspects first. `suspects`: some wait; `emptying`: this member is the one that is given nothing,
 * so that it becomes free for them, however busy the pool is.
 */
export const shareOf = ({ attempts, alone, freeSlots, slots }: Claimant, suspects: boolean, emptying: boolean): ShareOfWork => {
  if (alone) return 'nothing';
  if (!suspects) return 'ordinary';
  if (attempts === 0 && freeSlots >= slots) return 'suspects';
  return emptying ? 'nothing' : 'ordinary';
};
