import { randomBytes } from 'node:crypto';
import { describeDeath } from './describe-death.js';
import { type Launch, type LaunchedMember, type LaunchEvents } from './launched-member.js';
import { MemberSlot, type SlotTiming } from './member-slot.js';
import { type MemberDeath, type PoolBackend, type PoolEvent, type PoolListener, type Slot } from './pool-backend.js';
import { CRASH_LOOP } from './restarts.js';

/** Those who are least missed go first. */
const LEAVING_ORDER = ['backing_off', 'placing', 'starting', 'running'] as const;

/** A pool whose members are started from here: a slot for each, which holds one member after the other. */
export abstract class SlotsBackend implements PoolBackend {
  readonly pool: string;
  readonly #times: SlotTiming;
  /** Instances of another boot of this service are never taken for this one's. */
  readonly #boot = randomBytes(6).toString('hex');
  #launched = 0;
  /** The oldest first; those that stop are among them until they have ended. */
  readonly #slots = new Set<MemberSlot>();
  #listener: PoolListener | undefined;
  #stopping = false;
  /** Resolved when it stops and the last slot is left. */
  readonly #empty = Promise.withResolvers<void>();

  constructor(pool: string, times: SlotTiming) {
    this.pool = pool;
    this.#times = times;
  }

  /** Starts a member that was not there before. */
  protected abstract launch(instance: string, events: LaunchEvents): LaunchedMember;

  async start(listener: PoolListener): Promise<void> {
    this.#listener = listener;
  }

  async scale(members: number, first: readonly string[] = []): Promise<void> {
    if (!this.#stopping) this.#scale(members, first);
  }

  async replace(instance: string, why: string): Promise<void> {
    const slot = this.#slotOf(instance);
    if (!slot || this.#stopping) return;
    switch (slot.slot.state) {
      case 'running':
        this.add();
        return slot.stop(why);
      case 'placing':
      case 'starting':
        return slot.renew(why);
      case 'backing_off':
      case 'stopping':
        return;
    }
  }

  async kill(instance: string, why: string): Promise<void> {
    this.#slotOf(instance)?.kill(why);
  }

  slots(): readonly Slot[] {
    return [...this.#slots].map(({ slot }) => slot);
  }

  owns(instance: string): boolean {
    return this.#slotOf(instance) !== undefined;
  }

  admits(_instance: string | null): 'yes' | 'no' | 'not_yet' {
    return 'yes';
  }

  waitingFor(): string {
    const slots = this.slots();
    const lastDeath = [...this.#slots].find((slot) => slot.lastDeath !== null)?.lastDeath;
    if (slots.some(({ state }) => state === 'placing' || state === 'starting' || state === 'running'))
      return `waiting for members of pool ${this.pool} to start and join${lastDeath ? `; one ended with ${describeDeath(lastDeath)}` : ''}`;
    const failed = slots.find((slot) => slot.state === 'backing_off');
    if (failed)
      return `members of pool ${this.pool} end at their start (${describeDeath(failed.last)}); the next try is at ${failed.until.toISOString()}`;
    return slots.length > 0 ? `the members of pool ${this.pool} are stopping` : `pool ${this.pool} is to have no members`;
  }

  someWaitFor(): string | null {
    return null;
  }

  async stop(signal?: AbortSignal): Promise<void> {
    const kill = () => this.#slots.forEach((slot) => slot.kill());
    this.#stopping = true;
    this.#scale(0, []);
    this.#checkEmpty();
    if (signal?.aborted) kill();
    signal?.addEventListener('abort', kill);
    await this.#empty.promise;
    signal?.removeEventListener('abort', kill);
  }

  /** Lets go of the members, who live on. */
  protected leave(): void {
    this.#stopping = true;
    this.#listener = undefined;
    for (const slot of this.#slots) slot.leave();
  }

  /** Adds a slot; `first`: for a member that is there already. */
  protected add(first?: Launch): void {
    const slot: MemberSlot = new MemberSlot({
      times: this.#times,
      launch: (events) => this.launch(`${this.pool}-${this.#boot}-${(this.#launched += 1)}`, events),
      ...(first ? { first } : {}),
      onDeath: (death, crashes) => this.#died(slot, death, crashes),
      onLeft: () => {
        this.#slots.delete(slot);
        this.#checkEmpty();
      },
    });
    this.#slots.add(slot);
  }

  protected tell(event: PoolEvent): void {
    this.#listener?.(event);
  }

  #slotOf(instance: string): MemberSlot | undefined {
    return [...this.#slots].find((slot) => slot.has(instance));
  }

  #scale(members: number, first: readonly string[]): void {
    const staying = [...this.#slots].filter(({ slot }) => slot.state !== 'stopping');
    for (let count = staying.length; count < members; count += 1) this.add();
    const named = staying.filter((slot) => first.some((instance) => slot.has(instance)));
    const others = LEAVING_ORDER.flatMap((state) => staying.filter(({ slot }) => slot.state === state).reverse());
    for (const slot of [...new Set([...named, ...others])].slice(0, Math.max(0, staying.length - members))) slot.stop();
  }

  #checkEmpty(): void {
    if (this.#stopping && this.#slots.size === 0) this.#empty.resolve();
  }

  #died(slot: MemberSlot, death: MemberDeath, crashes: number): void {
    this.tell({ kind: 'member_died', death });
    // What is wrong is mostly wrong for all members of a pool: one of them tells it.
    const others = [...this.#slots].some((other) => other !== slot && other.crashes >= CRASH_LOOP);
    if (crashes === CRASH_LOOP && !others) this.tell({ kind: 'crash_loop', crashes, death });
  }
}
