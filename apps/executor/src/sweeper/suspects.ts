import { ApwaError, type ErrorPayload } from '@apwa/contracts';
import { decide, divide } from '@apwa/ledger-protocol';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { AnsweredRows } from '../journal/answered-rows.js';
import { type LedgerEntry } from '../ledger/ledger-entry.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { LedgerWriter } from '../ledger/ledger-writer.js';
import { NoticesService } from '../notices/notices.service.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { StageEnds } from '../stages/stage-ends.js';

/** Shards per round. */
const PER_ROUND = 10;

interface Due {
  shardId: string;
  stageId: string;
  kind: string;
  suspicion: 'divide' | 'condemned';
}

/**
 * What has to be done about shards at which members crash, beside running them alone (HAZARDS H17): those of many rows are split by what
 * the journals have, and work without rows, which nothing can be cut from, ends its stage.
 */
@Injectable()
export class Suspects {
  /** Since when the journals of a shard could not be read, in monotonic milliseconds. */
  readonly #unread = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerRepository,
    private readonly writer: LedgerWriter,
    private readonly ends: StageEnds,
    private readonly answered: AnsweredRows,
    private readonly notices: NoticesService,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async look(): Promise<void> {
    const due = await this.database.read(
      (queries) => queries.$queryRaw<Due[]>`
        SELECT h.id AS "shardId", s.id AS "stageId", s.kind, h.suspicion FROM shards h JOIN stages s ON s.id = h.stage_id
        WHERE h.state = 'open' AND s.state = 'running' AND h.suspicion <> 'none'
          AND (h.suspicion = 'divide' OR (h.suspicion = 'condemned' AND s.kind <> 'map'))
          AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.shard_id = h.id AND a.state = 'active')
        ORDER BY h.id LIMIT ${PER_ROUND}`,
    );
    const ids = new Set(due.map(({ shardId }) => shardId));
    for (const id of this.#unread.keys()) if (!ids.has(id)) this.#unread.delete(id);
    for (const one of due) {
      if (one.suspicion === 'condemned') await this.#giveUp(one);
      // What one of them can't read now the others can't either, and the round must go on.
      else if ((await this.#divide(one.shardId)) === 'later') return;
    }
  }

  async #divide(shardId: string): Promise<'later' | void> {
    const known = await this.database.read((queries) => this.ledger.read(queries, shardId));
    const missing = known && (await this.#missingOf(known));
    if (!known || missing === 'later') return 'later';
    const { ranges, change } = await this.database.transaction(async (queries) => {
      const entry = await this.ledger.lock(queries, shardId);
      if (entry?.shard.suspicion !== 'divide') return { ranges: [], change: null };
      const { effects } = decide(entry.shard, { kind: 'split', ranges: divide(entry.shard.range, missing) });
      const made = effects.find((effect) => effect.kind === 'create_children');
      return { ranges: made?.ranges ?? [], change: await this.writer.write(queries, entry, effects) };
    });
    if (!change) return;
    const suspects = ranges.filter(({ suspicion }) => suspicion !== 'none').length;
    const fields = { stageId: change.stageId, shardId, range: known.shard.range, shards: ranges.length, suspects };
    this.log.warn(fields, 'members crash at a shard that runs alone: it is split, and its suspects run one by one');
    this.notices.stage(change);
    this.notices.work(change.pool);
  }

  /** Null if the journals can't be read, and that for long enough to do without. */
  async #missingOf(entry: LedgerEntry): Promise<number[] | null | 'later'> {
    const { id } = entry.row;
    try {
      return await this.answered.missingOf(entry, AbortSignal.timeout(this.times.journalReadMs));
    } catch (thrown) {
      const since = this.#unread.get(id) ?? performance.now();
      this.#unread.set(id, since);
      this.log.warn({ shardId: id, error: ApwaError.from(thrown).toPayload() }, 'the journals of a suspect shard cannot be read');
      return performance.now() - since < this.times.journalPatienceMs ? 'later' : null;
    }
  }

  async #giveUp({ stageId, kind }: Due): Promise<void> {
    const fault: ErrorPayload = {
      code: 'members_crashed',
      class: 'permanent',
      message: `members of the pool crash at this ${kind}, again and again, though it runs alone: see their last words in the executor's log`,
    };
    const change = await this.database.transaction((queries) => this.ends.end(queries, stageId, { state: 'failed', fault }));
    this.log.warn({ stageId, fault }, 'the stage ends: members crash at it');
    this.notices.stage(change);
  }
}
