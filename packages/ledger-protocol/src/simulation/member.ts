import { Attempt, type MemberWorld } from './attempt.js';
import { type Assigned, type Beat } from './executor.js';
import { Process } from './schedule.js';

const HEARTBEAT_MS = 2_000;
const CLAIM_MS = 1_000;
const SHARDS = 2;
const DRAIN_MS = 20_000;

export interface MemberOptions {
  readonly slot: number;
  /** Of all members, how many were started before. */
  readonly boot: number;
  /** It has ended. `crashed`: not because it was asked to; `by`: the row that killed it, or null. */
  ended(member: Member, crashed: boolean, by: number | null): void;
}

/** A process of the worker pool: claims, renews what it holds, does as the run's control says. */
export class Member {
  readonly id: string;
  readonly process: Process;
  readonly #attempts = new Map<string, Attempt>();
  #draining = false;
  #paused = false;
  /** Of the run's control: what is older came late. */
  #version = 0;

  constructor(
    private readonly world: MemberWorld,
    private readonly options: MemberOptions,
  ) {
    this.id = `m${options.slot}.${options.boot}`;
    this.process = new Process(world.schedule);
    world.ledger.join(this.id, options.slot);
    this.process.after(world.random.between(0, CLAIM_MS), () => this.#claim());
    this.process.after(world.random.between(0, HEARTBEAT_MS), () => this.#beat());
  }

  get idle(): boolean {
    return this.process.life === 'up' && !this.#draining && this.#attempts.size === 0;
  }

  get #held(): boolean {
    return this.#draining || this.#paused;
  }

  get slot(): number {
    return this.options.slot;
  }

  kill(by: number | null): void {
    if (this.process.life === 'dead') return;
    this.process.kill();
    this.options.ended(this, true, by);
  }

  /** It is asked to end: gives its shards back, and goes. */
  drain(): void {
    this.process.run(() => {
      this.#draining = true;
      this.#applyHold();
      this.process.after(DRAIN_MS, () => this.#leave());
      this.#leaveWhenIdle();
    });
  }

  #leave(): void {
    this.process.kill();
    this.options.ended(this, false, null);
  }

  #leaveWhenIdle(): void {
    // What was asked for last is still sent.
    if (this.#draining && this.#attempts.size === 0) this.process.after(100, () => this.#leave());
  }

  #claim(): void {
    this.process.after(CLAIM_MS, () => this.#claim());
    const alone = [...this.#attempts.values()].some(({ assigned }) => assigned.handling === 'alone');
    if (this.#draining || this.#paused || alone || this.#attempts.size >= SHARDS) return;
    const { network, schedule } = this.world;
    const sentAt = schedule.now;
    const holding = this.#attempts.size;
    network.ask<Assigned | null>(
      this.process,
      'executor',
      (reply) => this.world.executor().claim(this.id, holding, reply),
      (assigned) => {
        if (assigned) this.#begin(assigned, sentAt);
      },
    );
  }

  #begin(assigned: Assigned, sentAt: number): void {
    const attempt = new Attempt(assigned, this.world, {
      sentAt,
      process: this.process,
      held: () => this.#held,
      ended: () => {
        if (this.#attempts.get(assigned.token) === attempt) this.#attempts.delete(assigned.token);
        this.#leaveWhenIdle();
      },
      diesOf: (row) => this.kill(row),
    });
    this.#attempts.set(assigned.token, attempt);
  }

  #beat(): void {
    this.process.after(HEARTBEAT_MS, () => this.#beat());
    const { network, schedule } = this.world;
    const sentAt = schedule.now;
    const held = [...this.#attempts.values()].map(({ token, assigned: { shard } }) => ({ token, shard }));
    network.ask<Beat>(
      this.process,
      'executor',
      (reply) => this.world.executor().heartbeat(this.id, held, reply),
      (beat) => {
        if (!beat) return;
        if (beat.version >= this.#version) {
          this.#version = beat.version;
          this.#paused = beat.paused;
          this.#applyHold();
        }
        for (const { token } of held) {
          const attempt = this.#attempts.get(token);
          attempt?.dispatch(beat.lost.includes(token) ? { kind: 'lost' } : { kind: 'renewed', sentAt });
        }
        for (const attempt of [...this.#attempts.values()]) attempt.dispatch({ kind: 'incarnation', incarnation: beat.incarnation });
      },
    );
  }

  #applyHold(): void {
    for (const attempt of [...this.#attempts.values()]) attempt.dispatch({ kind: 'hold', held: this.#held });
  }
}
