import { type MemberEnd } from '@apwa/contracts';

export interface MemberDeath {
  /** The member's, as it said it when it joined: one process, never used again. */
  readonly instance: string;
  readonly end: MemberEnd;
  /** It was told to stop: by `scale`, `replace` or `stop`. */
  readonly asked: boolean;
  /** What was given as the reason by who had it replaced or killed; null if nobody had. */
  readonly why: string | null;
  /** What it printed last, on standard output and error; the newest at the end. */
  readonly lastLines: readonly string[];
}

/** A place for one member. */
export type Slot =
  /** Nobody has room for it yet, and none has had since then, in monotonic milliseconds. */
  | { readonly state: 'placing'; readonly instance: string; readonly since: number }
  /** Alive for less than the stable time. */
  | { readonly state: 'starting'; readonly instance: string }
  | { readonly state: 'running'; readonly instance: string }
  /** Ended `crashes` times in a row without having become stable; the next member is started at `until`. */
  | { readonly state: 'backing_off'; readonly crashes: number; readonly until: Date; readonly last: MemberDeath }
  /** Told to stop, and still there. Its place is gone with it. */
  | { readonly state: 'stopping'; readonly instance: string };

/** Null for a place without a member. */
export const instanceOf = (slot: Slot): string | null => (slot.state === 'backing_off' ? null : slot.instance);

export type PoolEvent =
  /** `where` is for people: a process or a node. */
  | { readonly kind: 'member_started'; readonly instance: string; readonly where: string }
  /** Nobody works there any more: what it held can be given to others at once. Told before another takes its place. */
  | { readonly kind: 'member_died'; readonly death: MemberDeath }
  /** Members end again and again at their start. Told once, until one has become stable. */
  | { readonly kind: 'crash_loop'; readonly crashes: number; readonly death: MemberDeath };

export type PoolListener = (event: PoolEvent) => void;

/**
 * Keeps the members of one pool: as processes here, on a Ray cluster, or not at all, for those that somebody else runs. Each backend is
 * run through `test/support/pools/contract.ts`.
 */
export interface PoolBackend {
  readonly pool: string;
  /** Connects, and takes over members that it started earlier and that live. Starts none. Events come from now on until `stop` has ended. */
  start(listener: PoolListener): Promise<void>;
  /**
   * How many members there shall be from now on. Resolves when the wish is known, not when it is fulfilled: members are started,
   * replaced when they end, and those beyond the number drained: `first` before all others, if these instances are its own. Has no
   * effect after `stop`.
   */
  scale(members: number, first?: readonly string[]): Promise<void>;
  /**
   * Has another member take the place of this one, which is drained: the new one is started at once, unless the old one has not
   * been stable yet; then it is as if it had ended by itself. Has no effect on instances that it does not own, or that drain.
   */
  replace(instance: string, why: string): Promise<void>;
  /** Ends a member that hangs, at once and whatever it does; it is replaced as if it had died. Of others as `replace`. */
  kill(instance: string, why: string): Promise<void>;
  /** What it last knew of each place, without asking anybody. */
  slots(): readonly Slot[];
  /** Whether a member of this instance was started by it and may be alive. */
  owns(instance: string): boolean;
  /** Why nobody works, for a pool of which no member has joined: what is waited for. */
  waitingFor(): string;
  /** What some of its members wait for while others work: `1 of 3 members of pool large waits for resources: …`; null if none does. */
  someWaitFor(): string | null;
  /**
   * Whether a member that says it is of this instance may join: not one that was given up, and is alive all the same. `not_yet`: it is
   * not known yet who is alive.
   */
  admits(instance: string | null): 'yes' | 'no' | 'not_yet';
  /** Drains its members and resolves when none of them is alive. Once `signal` is aborted they are killed. */
  stop(signal?: AbortSignal): Promise<void>;
}
