import { type Assignment, PermanentError } from '@apwa/contracts';
import { type LedgerBench, newMember } from './ledger-bench.js';

/** What a member does with a shard: `abandon` leaves it to those who revoke, `abandon_late` commits after its lease ran out. */
export type Deed = 'commit' | 'commit_twice' | 'release' | 'abandon' | 'abandon_late' | 'die' | 'heartbeat';

/** Tokens that a member's heartbeat names, the latest: some of them are over. */
const NAMED = 8;
const SLOTS = 24;

/** Many members at once on one stage, with nothing between them but the database. */
export class LedgerCrowd {
  /** Attempts that ended without a commit. */
  ended = 0;
  /** Of each shard, the attempts whose commit was said to count. */
  readonly winners = new Map<string, Set<string>>();
  readonly #until: number;

  constructor(
    private readonly bench: LedgerBench,
    private readonly stageId: string,
    private readonly patienceMs: number,
  ) {
    this.#until = performance.now() + patienceMs;
  }

  /** Works until the stage is done; throws what a service threw, or that it took too long. */
  async member(deeds: () => Deed): Promise<void> {
    let { id, instance } = newMember();
    await this.bench.join(id, instance, SLOTS);
    let named: string[] = [];
    while (await this.#goesOn()) {
      const { assignments } = await this.bench.claims.claim({ memberId: id, freeSlots: SLOTS, lane: 'standard', saturated: [] });
      named.push(...assignments.map(({ token }) => token));
      // Lost ones are named too: a member learns with its heartbeat that they are.
      await this.bench.heartbeat(id, named.slice(-NAMED));
      for (const one of assignments) {
        const deed = deeds();
        if (deed === 'die') {
          await this.bench.members.died(instance, 'killed', true);
          ({ id, instance } = newMember());
          await this.bench.join(id, instance, SLOTS);
          this.ended++;
          break;
        }
        // What is abandoned is not renewed with the next heartbeat, should nobody have revoked it by then.
        if (deed === 'abandon') named = named.filter((token) => token !== one.token);
        await this.#do(one, id, deed);
      }
    }
  }

  /** Revokes what has run out, beside others that do the same. */
  async expirer(): Promise<void> {
    while (await this.#goesOn()) await this.bench.leases.expire(5);
  }

  /** Splits what members died at though it ran alone, beside others that do the same. */
  async divider(): Promise<void> {
    while (await this.#goesOn()) await this.bench.suspects.look();
  }

  async #do(one: Assignment, memberId: string, deed: Exclude<Deed, 'die'>): Promise<void> {
    switch (deed) {
      case 'commit':
        return this.#commit(one);
      case 'commit_twice':
        await Promise.all([this.#commit(one), this.#commit(one)]);
        return;
      case 'release':
        this.ended++;
        return this.bench.leases.release(one.shardId, one.token);
      case 'abandon':
        this.ended++;
        return this.bench.lapse(one.token);
      case 'abandon_late':
        await this.bench.lapse(one.token);
        return this.#commit(one);
      case 'heartbeat':
        await this.bench.heartbeat(memberId, [one.token]);
        return this.#commit(one);
    }
  }

  async #commit(one: Assignment): Promise<void> {
    const part = await this.bench.part(one, one.range, true);
    if ((await this.bench.commit(one, part)) !== 'committed') return;
    this.winners.set(one.shardId, (this.winners.get(one.shardId) ?? new Set()).add(one.token));
  }

  async #goesOn(): Promise<boolean> {
    if (performance.now() > this.#until) throw new PermanentError('too_slow', `The stage was not done after ${this.patienceMs} ms.`);
    return (await this.bench.stages.get(this.stageId)).state === 'running';
  }
}
