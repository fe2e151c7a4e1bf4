import { type RunControl } from '@apwa/contracts';

/** Owners whose controls are remembered: a member works for few at a time. */
const KEPT = 1_000;

/** The newest control of each run. They come by two ways, and may overtake each other (HAZARDS H18). */
export class RunControls {
  readonly #latest = new Map<string, RunControl>();

  /** False if a newer one, or the same, is known already. */
  accept(control: RunControl): boolean {
    const known = this.#latest.get(control.ownerId);
    if (known && known.version >= control.version) return false;
    this.#latest.delete(control.ownerId);
    this.#latest.set(control.ownerId, control);
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > KEPT && oldest) this.#latest.delete(oldest);
    return true;
  }

  stateOf(ownerId: string): RunControl['state'] {
    return this.#latest.get(ownerId)?.state ?? 'active';
  }
}
