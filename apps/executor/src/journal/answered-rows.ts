import { type Amounts, noAmounts, PermanentError, RowResult, tokensOf } from '@apwa/contracts';
import { JournalReader } from '@apwa/messaging';
import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type LedgerEntry } from '../ledger/ledger-entry.js';
import { STORAGE } from '../settings.js';
import { journalPlace } from './journal-place.js';
import { JournalService } from './journal.service.js';

const Rows = z.array(RowResult);

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
    for await (const { rows } of this.reader.read(place, signal))
      for (const { row } of Array.isArray(rows) ? rows : await this.#load(rows.key)) answered.add(row);
    const missing: number[] = [];
    for (let row = range.first; row <= range.last; row++) if (!answered.has(row)) missing.push(row);
    return missing;
  }

  /** What the rows took that these attempts have journaled. Errors: those of the journal and of the storage. */
  async spentBy(attempts: readonly { token: string; stageId: string; originId: string }[], signal: AbortSignal): Promise<Amounts> {
    const spent = noAmounts();
    for (const { token, stageId, originId } of attempts) {
      const place = journalPlace(this.journal.incarnation, stageId, originId, token);
      for await (const { rows } of this.reader.read({ ...place, shardSubjects: place.subject }, signal))
        for (const { attempts: calls, usage, costUsd } of Array.isArray(rows) ? rows : await this.#load(rows.key)) {
          spent.usd += costUsd;
          spent.tokens += tokensOf(usage);
          spent.rows += calls > 0 ? 1 : 0;
        }
    }
    return spent;
  }

  /** Rows whose object is gone will be asked again: they are missing. */
  async #load(key: string): Promise<z.infer<typeof Rows>> {
    try {
      return Rows.parse(JSON.parse(Buffer.from(await this.storage.read(key)).toString('utf8')));
    } catch (error) {
      if (error instanceof PermanentError) return [];
      throw error;
    }
  }
}
