import { type MemberDeath } from './pool-backend.js';

/** A member that was launched for a slot, wherever it runs. */
export interface LaunchedMember {
  readonly instance: string;
  /** Whether it was started: not one that waits for a place. */
  readonly placed: boolean;
  /** Has it end in order, and at once when it is still there after `graceMs`. */
  drain(graceMs: number, why?: string | null): void;
  /** Ends it at once, with all that it started. `why`: not for want of it, but because it hangs. */
  kill(why?: string | null): void;
}

/** What a launched member tells: each once, and never before the launch has returned. */
export interface LaunchEvents {
  /** It has got a place, and was started there. Of those alone that were not `placed` at their launch. */
  placed: () => void;
  ended: (death: MemberDeath) => void;
}

export type Launch = (events: LaunchEvents) => LaunchedMember;
