import { type FabricOrder, type MemberEnd } from '@apwa/contracts';
import { type LaunchedMember, type LaunchEvents } from '../pools/launched-member.js';

export interface RemoteMemberOptions {
  instance: string;
  pool: string;
  /** It runs already, and was found so. */
  placed: boolean;
  events: LaunchEvents;
  /** Something else is wanted of it: to be told to the fabric soon. */
  changed: () => void;
}

/** A member that a fabric keeps: what is wanted of it goes out with the next order, and what became of it comes with a report. */
export class RemoteMember implements LaunchedMember {
  readonly #options: RemoteMemberOptions;
  #wish: 'run' | 'drain' | 'kill' = 'run';
  #graceMs = 0;
  #asked = false;
  #why: string | null = null;
  #placed: boolean;
  #gone = false;
  /** The first order that named it; null before, when no fabric knows of it. */
  orderedIn: number | null = null;

  constructor(options: RemoteMemberOptions) {
    this.#options = options;
    this.#placed = options.placed;
  }

  get instance(): string {
    return this.#options.instance;
  }

  get pool(): string {
    return this.#options.pool;
  }

  get placed(): boolean {
    return this.#placed;
  }

  get wish(): FabricOrder['members'][number] {
    return { instance: this.instance, pool: this.pool, wish: this.#wish, graceMs: this.#graceMs };
  }

  drain(graceMs: number, why: string | null = null): void {
    if (this.#asked || this.#gone) return;
    this.#asked = true;
    this.#why = why;
    this.#graceMs = graceMs;
    if (this.#wish === 'run') this.#wish = 'drain';
    this.#options.changed();
  }

  kill(why: string | null = null): void {
    if (this.#gone) return;
    this.#asked ||= why === null;
    this.#why ??= why;
    this.#wish = 'kill';
    this.#options.changed();
  }

  /** It has a node. */
  started(): void {
    if (this.#placed || this.#gone) return;
    this.#placed = true;
    this.#options.events.placed();
  }

  ended(end: MemberEnd, lastLines: readonly string[]): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#options.events.ended({ instance: this.instance, end, asked: this.#asked, why: this.#why, lastLines });
  }
}
