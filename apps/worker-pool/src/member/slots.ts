import { type FreeSlots } from './sharing.js';

/**
 * The slots of a member: how many model calls it may have in flight, and which attempt holds how many of them.
 * What is leased and what is free always add up to the total (HAZARDS K11).
 */
export class Slots {
  readonly #leases = new Map<string, number>();
  #leased = 0;

  constructor(readonly total: number) {}

  get free(): number {
    return this.total - this.#leased;
  }

  get leased(): number {
    return this.#leased;
  }

  heldBy(token: string): number {
    return this.#leases.get(token) ?? 0;
  }

  /** False, and nothing is changed, if there are not so many free or the attempt holds some already. */
  lease(token: string, count: number): boolean {
    if (count < 1 || count > this.free || this.#leases.has(token)) return false;
    this.#leases.set(token, count);
    this.#leased += count;
    return true;
  }

  /** Gives an attempt more of what is free; how many it got. */
  grow(token: string, count: number): number {
    const held = this.#leases.get(token);
    if (held === undefined) return 0;
    const added = Math.max(0, Math.min(count, this.free));
    this.#leases.set(token, held + added);
    this.#leased += added;
    return added;
  }

  /** An attempt at its end needs fewer than it was given: the others go back. Never raises. */
  shrink(token: string, count: number): void {
    const held = this.#leases.get(token);
    if (held === undefined || count >= held) return;
    this.#leases.set(token, Math.max(0, count));
    this.#leased -= held - Math.max(0, count);
  }

  /** Gives all of an attempt's slots back. A second time does nothing. */
  release(token: string): void {
    this.#leased -= this.#leases.get(token) ?? 0;
    this.#leases.delete(token);
  }
}

/** What is free of a member's slots, and whether asking for shards is worth a request. */
export const freeSlots = ({ free, total, leased }: Slots): FreeSlots => ({
  free,
  total,
  worthClaiming: free > 0 && (leased === 0 || free >= Math.ceil(total / 8)),
});
