import {
  type Assignment,
  type JournalBatch,
  type JournalPlace,
  journalStream,
  journalSubject,
  PermanentError,
  RowResult,
} from '@apwa/contracts';
import { type JournalReader, type JournalWriter } from '@apwa/messaging';
import { type Storage } from '@apwa/tables';
import { z } from 'zod';
import { journalKey } from './part-key.js';

type Shard = Pick<Assignment, 'stageId' | 'shardId' | 'originId' | 'token' | 'range'>;

/** The journal as the attempts at one shard use it: small rows in messages, large ones in storage by reference. */
export class ShardJournal {
  constructor(
    private readonly shard: Shard,
    private readonly writer: JournalWriter,
    private readonly reader: JournalReader,
    private readonly storage: Storage,
  ) {}

  /** Where the attempt journals in a stream that the executor has made since it was claimed. */
  placeIn(incarnation: number): JournalPlace {
    const { stageId, originId, token } = this.shard;
    return {
      stream: journalStream(incarnation),
      incarnation,
      subject: journalSubject(incarnation, stageId, originId, token),
      shardSubjects: journalSubject(incarnation, stageId, originId, '*'),
    };
  }

  publish(place: JournalPlace, batch: JournalBatch, signal: AbortSignal): Promise<void> {
    return this.writer.publish(place, batch, signal);
  }

  async store(sequence: number, rows: readonly RowResult[]): Promise<string> {
    const key = journalKey(this.shard, sequence);
    await this.storage.write(key, Buffer.from(JSON.stringify(rows)));
    return key;
  }

  /** What the shard's attempts have journaled: one result per row, whichever comes first. */
  async read(place: JournalPlace, signal: AbortSignal): Promise<Map<number, RowResult>> {
    const { first, last } = this.shard.range;
    const results = new Map<number, RowResult>();
    for await (const { rows } of this.reader.read(place, signal)) {
      for (const result of Array.isArray(rows) ? rows : await this.#load(rows.key))
        if (result.row >= first && result.row <= last && !results.has(result.row)) results.set(result.row, result);
    }
    return results;
  }

  /** Rows whose object is gone are asked again. */
  async #load(key: string): Promise<RowResult[]> {
    try {
      const content = await this.storage.read(key);
      return z.array(RowResult).parse(JSON.parse(Buffer.from(content).toString('utf8')));
    } catch (error) {
      if (error instanceof PermanentError) return [];
      throw error;
    }
  }
}
