import { type Timing } from '../settings.js';
import { type Launch, type LaunchedMember } from './launched-member.js';
import { type MemberDeath, type Slot } from './pool-backend.js';
import { nextRestart } from './restarts.js';

export type SlotTiming = Pick<Timing, 'restartMs' | 'restartMaxMs' | 'stableMs' | 'drainMs'>;

export interface MemberSlotOptions {
  times: SlotTiming;
  /** Starts a member. */
  launch: Launch;
  /** Gives the first one, if it is there already. */
  first?: Launch;
  /** A member has ended; told before another takes its place. */
  onDeath: (death: MemberDeath, crashes: number) => void;
  /** The slot is left for good: its last process has ended. */
  onLeft: () => void;
}

/** A place that always holds a member: `placing → starting → running`, and after an end `backing_off` or the next one; `stopping` ends it. */
export class MemberSlot {
  readonly #options: MemberSlotOptions;
  #member: LaunchedMember;
  #slot: Slot;
  /** Ends in a row without a stable life in between. */
  #crashes = 0;
  #lastDeath: MemberDeath | null = null;
  /** Of the one thing that the slot waits for: to be stable, or to be started again. */
  #timer: NodeJS.Timeout | undefined;
  #left = false;

  constructor(options: MemberSlotOptions) {
    this.#options = options;
    this.#member = this.#launch(options.first ?? options.launch);
    this.#slot = this.#begin();
  }

  get slot(): Slot {
    return this.#slot;
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** The end of the member before this one; null once one has been stable. */
  get lastDeath(): MemberDeath | null {
    return this.#lastDeath;
  }

  /** Whether a member of this instance is in it, or about to leave it. */
  has(instance: string): boolean {
    return this.#slot.state !== 'backing_off' && this.#slot.instance === instance;
  }

  /** Drains the member, and gives up the slot. One without a member is left at once. */
  stop(why: string | null = null): void {
    clearTimeout(this.#timer);
    switch (this.#slot.state) {
      case 'backing_off':
        return this.#giveUp();
      case 'placing':
      case 'starting':
      case 'running':
        this.#slot = { state: 'stopping', instance: this.#member.instance };
        return this.#member.drain(this.#options.times.drainMs, why);
      case 'stopping':
        return;
    }
  }

  /** Drains the member; the next one is started when it has ended. It can't become stable any more. */
  renew(why: string): void {
    clearTimeout(this.#timer);
    this.#member.drain(this.#options.times.drainMs, why);
  }

  /** Ends the member at once. `why`: because it hangs; the next one is started, unless the slot is stopping. */
  kill(why: string | null = null): void {
    this.#member.kill(why);
  }

  /** Waits for nothing any more: its member lives on without it. */
  leave(): void {
    clearTimeout(this.#timer);
  }

  #giveUp(): void {
    this.#left = true;
    this.#options.onLeft();
  }

  #start(): void {
    this.#member = this.#launch(this.#options.launch);
    this.#slot = this.#begin();
  }

  #launch(launch: Launch): LaunchedMember {
    const member = launch({
      placed: () => {
        // One that drains meanwhile does so on its way.
        if (this.#member === member && this.#slot.state === 'placing') this.#slot = this.#begin();
      },
      ended: (death) => this.#ended(death),
    });
    return member;
  }

  /** The life of a member begins when it has a place. */
  #begin(): Slot {
    const { instance, placed } = this.#member;
    if (!placed) return { state: 'placing', instance, since: performance.now() };
    this.#timer = setTimeout(() => {
      this.#crashes = 0;
      this.#lastDeath = null;
      this.#slot = { state: 'running', instance };
    }, this.#options.times.stableMs);
    return { state: 'starting', instance };
  }

  #ended(death: MemberDeath): void {
    clearTimeout(this.#timer);
    if (this.#slot.state === 'stopping') {
      this.#options.onDeath(death, 0);
      return this.#giveUp();
    }
    this.#crashes += 1;
    this.#lastDeath = death;
    const restart = nextRestart(this.#crashes, this.#options.times);
    const ms = restart.kind === 'after' ? restart.ms : 0;
    this.#slot = { state: 'backing_off', crashes: this.#crashes, until: new Date(Date.now() + ms), last: death };
    this.#options.onDeath(death, this.#crashes);
    // Who was told may have stopped the slot.
    if (this.#left) return;
    if (restart.kind === 'at_once') this.#start();
    else this.#timer = setTimeout(() => this.#start(), ms);
  }
}
