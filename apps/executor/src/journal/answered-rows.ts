import { type AgentTurn, type Amounts, type JournalBatch, type JournaledRows, noAmounts, type RowResult, tokensOf } from '@apwa/contracts';
import { contentOfBatch, JournalReader } from '@apwa/messaging';
import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { type LedgerEntry } from '../ledger/ledger-entry.js';
import { STORAGE } from '../settings.js';
import { journalPlace } from './journal-place.js';
import { JournalService } from './journal.service.js';

/** What the journals say of a shard, apart from the answers themselves. */
@Injectable()
export class AnsweredRows {
  constructor(
    private readonly reader: JournalReader,
    private readonly journal: JournalService,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** Rows of a shard that have no answer in the journals, the lowest first. Errors: those of the journal and of the storage. */
  async missingOf({ stage, row: { originId }, shard: { range } }: LedgerEntry, signal: AbortSignal): Promise<number[]> {
    const answered = new Set<number>();
    const place = journalPlace(this.journal.incarnation, stage.id, originId, '*');
    for await (const batch of this.reader.read(place, signal)) for (const { row } of (await this.#contentOf(batch)).rows) answered.add(row);
    const missing: number[] = [];
    for (let row = range.first; row <= range.last; row++) if (!answered.has(row)) missing.push(row);
    return missing;
  }

  /** What the rows took that these attempts have journaled. Errors: those of the journal and of the storage. */
  async spentBy(attempts: readonly { token: string; stageId: string; originId: string }[], signal: AbortSignal): Promise<Amounts> {
    const spent = noAmounts();
    for (const { token, stageId, originId } of attempts) {
      const place = journalPlace(this.journal.incarnation, stageId, originId, token);
      const results = new Map<number, RowResult>();
      const turns: AgentTurn[] = [];
      for await (const batch of this.reader.read({ ...place, shardSubjects: place.subject }, signal)) {
        const content = await this.#contentOf(batch);
        for (const result of content.rows) results.set(result.row, result);
        turns.push(...content.turns);
      }
      const add = ({ usage, costUsd }: Pick<RowResult, 'usage' | 'costUsd'>): void => {
        spent.usd += costUsd;
        spent.tokens += tokensOf(usage);
      };
      for (const result of results.values()) {
        add(result);
        spent.rows += result.attempts > 0 ? 1 : 0;
      }
      // A result holds what its turns took, those of an attempt before among them: rather too much is counted than too little.
      for (const turn of turns) if (!results.has(turn.row)) add(turn);
    }
    return spent;
  }

  #contentOf(batch: JournalBatch): Promise<JournaledRows> {
    return contentOfBatch(batch, (key) => this.storage.read(key));
  }
}
