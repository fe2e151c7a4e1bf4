import { type OwnerKind } from '../owners/owners.repository.js';

/** What this process does for one owner just now. */
export class Session {
  kind: OwnerKind | null = null;
  /** Being looked at. */
  looking = false;
  /** Something happened since it was looked at last. */
  dirty = false;
  /** Actions that have ended: what was decided before the last of them did is out of date. */
  ended = 0;
  readonly inFlight = new Map<string, AbortController>();
  /** Actions that are not to be begun before a time (Unix milliseconds), and how often they were tried. */
  readonly paced = new Map<string, { tries: number; notBefore: number }>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(readonly ownerId: string) {}

  /** Ends what this process does for the owner. */
  abort(reason: Error): void {
    for (const controller of this.inFlight.values()) controller.abort(reason);
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      then();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }

  get idle(): boolean {
    return !this.looking && !this.dirty && this.inFlight.size === 0 && this.timers.size === 0;
  }
}
