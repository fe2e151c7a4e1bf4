import { activeOf, decide, newShard } from '../ledger.js';
import { type LedgerAttempt, type LedgerEffect, type LedgerEvent, type LedgerShard } from '../ledger-types.js';
import { type Rules } from '../rules.js';
import { type Schedule } from './schedule.js';

interface Lease {
  /** By the ledger's clock, which may jump. */
  readonly until: number;
  /** By a clock that does not. */
  readonly surelyUntil: number;
  readonly since: number;
}

export interface Entry {
  readonly ledger: LedgerShard;
  /** The shard that this one came of by splits: they share their journals. */
  readonly origin: number;
}

interface MemberRow {
  readonly id: string;
  /** Members of a slot follow each other. */
  readonly slot: number;
  readonly joinedAt: number;
  seenAt: number;
}

export const LEASE_MS = 10_000;

/** Postgres: shards, members, the run's control, the executor's epoch and the journal's incarnation. */
export class LedgerTwin {
  readonly shards: Entry[];
  readonly members = new Map<string, MemberRow>();
  readonly #leases = new Map<string, Lease>();
  readonly #shardOf = new Map<string, number>();
  /** Milliseconds by which its clock is wrong. */
  offset = 0;
  epoch = 0;
  incarnation = 1;
  control: 'active' | 'paused' = 'active';
  /** Grows with each change of `control`. */
  version = 0;

  constructor(
    shards: number,
    rowsPerShard: number,
    private readonly schedule: Schedule,
    private readonly rules: Rules,
    private readonly changed: (shard: number, before: LedgerShard, after: LedgerShard, effects: readonly LedgerEffect[]) => void,
  ) {
    this.shards = Array.from({ length: shards }, (_, origin) => ({
      ledger: newShard({ first: origin * rowsPerShard, last: (origin + 1) * rowsPerShard - 1 }),
      origin,
    }));
  }

  join(id: string, slot: number): void {
    const { now } = this.schedule;
    this.members.set(id, { id, slot, joinedAt: now, seenAt: now });
  }

  get clock(): number {
    return this.schedule.now + this.offset;
  }

  lease(token: string): Lease | undefined {
    return this.#leases.get(token);
  }

  /** The shard of a token: the last one, should a token have been given twice. */
  shardOf(token: string): number | undefined {
    return this.#shardOf.get(token);
  }

  isActive(shard: number, token: string): boolean {
    return activeOf(this.entry(shard).ledger).some((attempt) => attempt.token === token);
  }

  entry(shard: number): Entry {
    const entry = this.shards[shard];
    if (!entry) throw new Error(`no shard ${shard}`);
    return entry;
  }

  /** A transaction over one shard. */
  decide(shard: number, event: LedgerEvent): readonly LedgerEffect[] {
    const { ledger: stored, origin } = this.entry(shard);
    const before = this.#asOfNow(stored);
    const { state, effects } = decide(before, event, this.rules);
    this.shards[shard] = { ledger: state, origin };
    for (const effect of effects) {
      if (effect.kind === 'assigned') {
        this.#shardOf.set(effect.token, shard);
        this.#give(effect.token, this.schedule.now);
      } else if (effect.kind === 'renewed') this.#give(effect.token, this.#leases.get(effect.token)?.since ?? 0);
      else if (effect.kind === 'create_children')
        for (const range of effect.ranges) this.shards.push({ ledger: newShard(range, state.generation, range.suspicion), origin });
    }
    if (state !== before && event.kind !== 'renew') this.changed(shard, before, state, effects);
    return effects;
  }

  /** What hangs on the clock and on the run is looked up at each transaction. */
  #asOfNow(shard: LedgerShard): LedgerShard {
    const leased = ({ token }: LedgerAttempt) => (this.#leases.get(token)?.until ?? 0) >= this.clock;
    const isStale = (attempt: LedgerAttempt) => attempt.state === 'active' && attempt.leased !== leased(attempt);
    if (shard.control === this.control && !shard.attempts.some(isStale)) return shard;
    const attempts = shard.attempts.map((attempt) => (isStale(attempt) ? { ...attempt, leased: leased(attempt) } : attempt));
    return { ...shard, attempts, control: this.control };
  }

  #give(token: string, since: number): void {
    const { now } = this.schedule;
    this.#leases.set(token, { until: this.clock + LEASE_MS, surelyUntil: now + LEASE_MS, since });
  }
}
