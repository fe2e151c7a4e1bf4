import { decide } from '@apwa/ledger-protocol';
import { type CommitContent, journalSubject } from '@apwa/contracts';
import { JournalStreams } from '@apwa/messaging';
import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { JournalService } from '../journal/journal.service.js';
import { keysOf } from '../ledger/ledger-entry.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { LedgerWriter, type SweepKind } from '../ledger/ledger-writer.js';
import { journaledPrefix, partPrefix, stagePartsPrefix } from '../ledger/part-keys.js';
import { STORAGE, TIMES, type Timing } from '../settings.js';

interface Sweep {
  id: bigint;
  kind: SweepKind;
  stageId: string;
  shardId: string | null;
  token: string | null;
  round: number;
}

/** Sweeps per round: the fastest pools commit some tens of shards a second, and each leaves two. */
const PER_ROUND = 100;

/**
 * Removes what nobody needs any more: parts of revoked attempts, journals of finished shards, leavings of ended stages. Each is
 * done again later, for what a holder that was cut off has written meanwhile.
 */
@Injectable()
export class Leftovers {
  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerRepository,
    private readonly writer: LedgerWriter,
    private readonly journal: JournalService,
    private readonly streams: JournalStreams,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(TIMES) private readonly times: Timing,
  ) {}

  /** Does what is due; a sweep that fails stays due. How many were done. */
  async sweep(): Promise<number> {
    const due = await this.database.read(
      (queries) => queries.$queryRaw<Sweep[]>`
        SELECT id, kind, stage_id AS "stageId", shard_id AS "shardId", token, round FROM sweeps
        WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT ${PER_ROUND}`,
    );
    const done: Sweep[] = [];
    try {
      for (const sweep of due) {
        await this.#do(sweep);
        done.push(sweep);
      }
    } finally {
      await this.#settle(done);
    }
    return due.length;
  }

  async #do({ kind, stageId, shardId, token }: Sweep): Promise<void> {
    if (kind === 'clear_stage') await this.clearStage(stageId);
    else if (kind === 'purge_shard' && shardId) await this.#purgeShard(shardId);
    else if (kind === 'collect_parts' && shardId && token) await this.#collect(shardId, token);
  }

  async #settle(done: readonly Sweep[]): Promise<void> {
    if (done.length === 0) return;
    const again = done.flatMap(({ id, kind, round }) => {
      const afterMs = this.#rounds(kind)[round];
      return afterMs === undefined ? [] : [{ id, afterMs }];
    });
    const over = done.map(({ id }) => id).filter((id) => !again.some((one) => one.id === id));
    await this.database.transaction(async (queries) => {
      await queries.$executeRaw`DELETE FROM sweeps WHERE id = ANY(${over})`;
      await queries.$executeRaw`
        UPDATE sweeps s SET round = s.round + 1, due_at = clock_timestamp() + n.after_ms * interval '1 millisecond'
        FROM unnest(${again.map(({ id }) => id)}::bigint[], ${again.map(({ afterMs }) => afterMs)}::float8[]) AS n(id, after_ms) WHERE s.id = n.id`;
    });
  }

  /** Milliseconds after the first time, and after each that follows. */
  #rounds(kind: SweepKind): number[] {
    const { collectAgainMs, purgeAgainMs, clearLastMs } = this.times;
    switch (kind) {
      case 'collect_parts':
        return [collectAgainMs];
      case 'purge_shard':
        return [purgeAgainMs];
      case 'clear_stage':
        return [purgeAgainMs, clearLastMs];
    }
  }

  async #collect(shardId: string, token: string): Promise<void> {
    const entry = await this.database.read((queries) => this.ledger.read(queries, shardId));
    if (!entry) return;
    const { effects } = decide(entry.shard, { kind: 'collect_due', token });
    const deletion = effects.find((effect) => effect.kind === 'delete_parts');
    if (!deletion) return;
    const keep = deletion.keep === null ? [] : keysOf(entry.content);
    await this.#deleteAll(partPrefix(entry.stage.id, shardId, token), keep);
  }

  async #purgeShard(shardId: string): Promise<void> {
    const { entry, openRelatives } = await this.database.read(async (queries) => {
      const found = await this.ledger.read(queries, shardId);
      return { entry: found, openRelatives: found ? await this.ledger.openRelatives(queries, found.row) : 0 };
    });
    if (!entry) return;
    const { effects } = decide(entry.shard, { kind: 'purge_due', openRelatives });
    if (!effects.some((effect) => effect.kind === 'purge_journal')) return;
    const { incarnation } = this.journal;
    await this.streams.purge(incarnation, journalSubject(incarnation, entry.stage.id, entry.row.originId, '*'));
    await this.#deleteAll(journaledPrefix(entry.stage.id, shardId), []);
    const noted = decide(entry.shard, { kind: 'journal_purged' }).effects;
    await this.database.transaction((queries) => this.writer.write(queries, entry, noted));
  }

  /** Removes the journal of a stage that has ended, and what no commit of it names. */
  async clearStage(stageId: string): Promise<void> {
    // One statement: a stage that is forgotten meanwhile must not look like one of which nothing was committed.
    const rows = await this.database.read(
      (queries) => queries.$queryRaw<{ content: string | null }[]>`
        SELECT h.content FROM stages s LEFT JOIN shards h ON h.stage_id = s.id AND h.state = 'committed'
        WHERE s.id = ${stageId} AND s.state <> 'running'`,
    );
    if (rows.length === 0) return;
    const { incarnation } = this.journal;
    await this.streams.purge(incarnation, journalSubject(incarnation, stageId, '*', '*'));
    await this.#deleteAll(journaledPrefix(stageId), []);
    await this.database.transaction(
      (queries) => queries.$executeRaw`UPDATE shards SET purged = true WHERE stage_id = ${stageId} AND NOT purged`,
    );
    await this.#deleteAll(
      stagePartsPrefix(stageId),
      rows.flatMap(({ content }) => keysOf(content === null ? null : (JSON.parse(content) as CommitContent))),
    );
  }

  async #deleteAll(prefix: string, keep: readonly string[]): Promise<void> {
    const kept = new Set(keep);
    for await (const { key } of this.storage.list(prefix)) if (!kept.has(key)) await this.storage.delete(key);
  }
}
