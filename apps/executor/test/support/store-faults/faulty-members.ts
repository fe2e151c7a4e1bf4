import {
  type Amounts,
  ApwaError,
  type Assignment,
  executorOperations as operations,
  newId,
  noAmounts,
  noCounts,
  sizeOf,
} from '@apwa/contracts';
import { JournalWriter } from '@apwa/messaging';
import { answeredRow } from '@apwa/test-kit';
import { TestMember, type World } from '../world.js';
import { type Patience, pause } from './patience.js';

/** What a member does with a shard: `abandon` leaves it to its lease, `die` takes the member with it. */
export type Deed = 'commit' | 'commit_twice' | 'release' | 'abandon' | 'die';

const SLOTS = 8;
/** Between two looks of a member that was given nothing. Milliseconds. */
const IDLE_MS = 20;

const usd = (amount: number): Amounts => ({ ...noAmounts(), usd: amount });

interface Crowd {
  world: World;
  patience: Patience;
  /** Tells of the death of a member. */
  died: (instance: string) => Promise<void>;
  /** What is done with the next shard. */
  deed: (one: Assignment) => Deed;
  over: () => boolean;
}

/** A member that asks again until it is answered, as real ones do; each attempt journals and spends something before its deed. */
export class FaultyMember {
  /** Of each shard, the attempts whose commit was said to count. */
  readonly won: Assignment[] = [];
  readonly #journal: JournalWriter;
  #member: TestMember;
  #sequence = 0;
  #spent = 0;

  constructor(private readonly crowd: Crowd) {
    this.#journal = new JournalWriter(crowd.world.messaging);
    this.#member = this.#fresh();
  }

  async work(): Promise<void> {
    await this.#join();
    while (!this.crowd.over()) {
      await this.#beat();
      const claimed = await this.#known(() => this.#member.claim());
      for (const one of claimed ?? []) if (!(await this.#handle(one))) break;
      if (!claimed || claimed.length === 0) await pause(IDLE_MS);
    }
    await this.#beat('stopped');
  }

  /** False if the member has died of it: its other shards are lost to it. */
  async #handle(one: Assignment): Promise<boolean> {
    const deed = this.crowd.deed(one);
    await this.#note(one, deed === 'die');
    await this.#spend(one);
    await this.#beat();
    switch (deed) {
      case 'commit':
        await this.#commit(one);
        return true;
      case 'commit_twice':
        await Promise.all([this.#commit(one), this.#commit(one)]);
        return true;
      case 'release':
        await this.#asking.ask(() => this.#member.release(one, { journaled: { ...noCounts(), ok: 1, calls: 1 } }));
        return true;
      case 'abandon':
        this.#member.held = this.#member.held.filter(({ token }) => token !== one.token);
        return true;
      case 'die': {
        const { instance } = this.#member;
        this.#member = this.#fresh();
        // Once, as a supervisor does: what cannot be noted has leases that run out.
        await this.crowd.died(instance as string).catch((thrown: unknown) => {
          if (ApwaError.from(thrown).class !== 'transient') throw thrown;
        });
        await this.#join();
        return false;
      }
    }
  }

  async #commit(one: Assignment): Promise<void> {
    if ((await this.#asking.ask(() => this.#member.commit(one))) === 'committed') this.won.push(one);
  }

  /** Its first row is in the journal. `stored`: as one that is too large for a message. */
  async #note({ journal, stageId, shardId, token, range }: Assignment, stored: boolean): Promise<void> {
    const rows = [answeredRow(range.first, { costUsd: 0.01 })];
    const key = `journal/${stageId}/${shardId}/${token}.0.json`;
    if (stored) await this.crowd.world.storage.write(key, Buffer.from(JSON.stringify(rows)));
    await this.#journal.publish(journal, { token, sequence: 0, rows: stored ? { key } : rows });
  }

  async #spend({ ownerId, range }: Assignment): Promise<void> {
    this.#spent += 0.01 * sizeOf(range);
    const spent = usd(this.#spent);
    await this.#asking.ask(() => {
      const question = {
        ownerId,
        sequence: ++this.#sequence,
        spent,
        open: spent,
        reserved: usd(0),
        holds: spent,
        wants: usd(0.1),
        next: null,
      };
      return this.crowd.world.messaging.request(operations.permits, {
        memberId: this.#member.id,
        epoch: 0,
        endpoints: [],
        budgets: [question],
      });
    });
  }

  async #beat(state: 'running' | 'stopped' = 'running'): Promise<void> {
    const attempts = this.#member.held.map(({ token }) => ({
      token,
      counts: { ...noCounts(), ok: ++this.#sequence, calls: 1 },
      waitsFor: 'journal' as const,
    }));
    const beaten = await this.#known(() => this.#member.heartbeat({ state, attempts }));
    if (beaten) this.#member.held = this.#member.held.filter(({ token }) => !beaten.lost.includes(token));
  }

  /** Null if it had to join first: the executor had given it up. */
  async #known<T>(request: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#asking.ask(request);
    } catch (thrown) {
      if (ApwaError.from(thrown).code !== 'unknown_member') throw thrown;
      await this.#join();
      return null;
    }
  }

  async #join(): Promise<void> {
    await this.#asking.ask(() => this.#member.join());
  }

  get #asking(): Patience {
    return this.crowd.patience;
  }

  #fresh(): TestMember {
    const id = newId('member');
    return new TestMember(this.crowd.world, id, 'default', SLOTS, `of-${id}`);
  }
}
