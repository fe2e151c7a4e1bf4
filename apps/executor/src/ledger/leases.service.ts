import { type AttemptProgress, type LeaseToken, type StageCounts } from '@apwa/contracts';
import { decide, type LedgerEvent } from '@apwa/ledger-protocol';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { NoticesService } from '../notices/notices.service.js';
import { LedgerRepository } from './ledger.repository.js';
import { LedgerWriter } from './ledger-writer.js';

export interface Renewal {
  /** Attempts that the member no longer holds. */
  lost: LeaseToken[];
  /** Whose work the attempts are that it holds. */
  owners: string[];
}

/** Who holds shards, and when that ends without a commit. */
@Injectable()
export class LeasesService {
  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerRepository,
    private readonly writer: LedgerWriter,
    private readonly notices: NoticesService,
  ) {}

  /** Renews a member's leases, all in the caller's transaction. */
  async renew(queries: Queries, memberId: string, attempts: readonly Pick<AttemptProgress, 'token' | 'calls'>[]): Promise<Renewal> {
    if (attempts.length === 0) return { lost: [], owners: [] };
    const calls = new Map(attempts.map((attempt) => [attempt.token, attempt.calls]));
    const tokens = [...calls.keys()];
    const lost = new Set(tokens);
    const owners = new Set<string>();
    for (const entry of await this.ledger.lockHeld(queries, memberId, tokens))
      for (const { token } of entry.shard.attempts) {
        const { effects } = decide(entry.shard, { kind: 'renew', token });
        await this.writer.write(queries, entry, effects, { calls: calls.get(token) ?? 0 });
        if (effects.some((effect) => effect.kind === 'renewed')) lost.delete(token);
        owners.add(entry.stage.ownerId);
      }
    return { lost: [...lost], owners: [...owners] };
  }

  /** The holder gives its shard back; an attempt that is over already is none of anybody's concern. */
  async release(shardId: string, token: LeaseToken, journaled?: StageCounts): Promise<void> {
    await this.#end(shardId, { kind: 'release', token }, journaled);
  }

  /** Ends the attempts of a member that is known to be dead. `crashed`: by a fault of its own, so what it held is under suspicion. */
  async endOfMember(memberId: string, crashed: boolean): Promise<void> {
    for (const shardId of await this.database.read((queries) => this.ledger.shardsHeldBy(queries, memberId)))
      await this.#end(shardId, { kind: 'member_died', member: memberId, crashed });
  }

  /** Revokes attempts whose lease has run out, `limit` of them at most; how many they were. */
  async expire(limit: number): Promise<number> {
    const expired = await this.database.read((queries) => this.ledger.expired(queries, limit));
    for (const { shardId, token, crashed } of expired) await this.#end(shardId, { kind: 'expire', token, crashed });
    return expired.length;
  }

  /** An event that may end attempts at a shard: then it can be claimed again. */
  async #end(shardId: string, event: LedgerEvent, journaled?: StageCounts): Promise<void> {
    const pool = await this.database.transaction(async (queries) => {
      const entry = await this.ledger.lock(queries, shardId);
      if (!entry) return null;
      const { effects } = decide(entry.shard, event);
      await this.writer.write(queries, entry, effects);
      if (!effects.some((effect) => effect.kind === 'revoked')) return null;
      if (journaled) await queries.shard.update({ where: { id: shardId }, data: { journaled: JSON.stringify(journaled) } });
      return entry.stage.pool;
    });
    if (pool) this.notices.work(pool);
  }
}
