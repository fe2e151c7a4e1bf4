import { newId } from '@apwa/contracts';
import { TestMember, type World } from '../world.js';
import { type MemberFolder } from './member-folder.js';

const BEAT_MS = 100;

/** Speaks over NATS for the processes that a pool has started, which do nothing themselves: joins for each, and beats for it. */
export class Crew {
  /** Members whose processes live, by instance. */
  readonly members = new Map<string, TestMember>();
  /** Instances for which nobody speaks any more. */
  readonly silent = new Set<string>();
  /** What members say of themselves beside what all say, by instance. */
  readonly signs = new Map<string, { residentMb?: number; loopDelayMs?: number; questions?: number }>();
  /** Instances that have been told to drain with a heartbeat's reply. */
  readonly told = new Set<string>();
  joins = true;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly world: World,
    private readonly folder: MemberFolder,
    private readonly slots: number,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, BEAT_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  /** The only one. */
  get one(): TestMember {
    const [member, ...others] = this.members.values();
    if (!member || others.length > 0) throw new Error(`there are ${this.members.size} members`);
    return member;
  }

  async #beat(): Promise<void> {
    const living = [...this.folder.living().keys()];
    for (const instance of this.members.keys()) if (!living.includes(instance)) this.members.delete(instance);
    await Promise.all(living.map((instance) => this.#beatFor(instance)));
  }

  async #beatFor(instance: string): Promise<void> {
    if (this.silent.has(instance) || !this.joins) return;
    const known = this.members.get(instance);
    const member = known ?? new TestMember(this.world, newId('member'), 'default', this.slots, instance);
    try {
      if (!known) await member.join();
      this.members.set(instance, member);
      const { drain, lost } = await member.heartbeat(this.signs.get(instance) ?? {});
      member.held = member.held.filter(({ token }) => !lost.includes(token));
      if (drain) this.told.add(instance);
    } catch {
      // Its process has just ended, and the executor knows it already.
    }
  }
}
