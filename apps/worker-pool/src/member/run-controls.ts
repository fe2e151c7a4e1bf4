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

  /** What becomes of a stage of an owner, by what is known. */
  stateOf(ownerId: string, stageId: string): RunControl['state'] {
    const control = this.#latest.get(ownerId);
    return control ? stageState(control, stageId) : 'active';
  }
}

/** What a control says of a stage of its owner. */
export const stageState = ({ state, held = [] }: Pick<RunControl, 'state' | 'held'>, stageId: string): RunControl['state'] =>
  state === 'active' && held.includes(stageId) ? 'paused' : state;
