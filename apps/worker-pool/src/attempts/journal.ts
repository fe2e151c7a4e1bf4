import {
  type AgentTurn,
  type Assignment,
  type JournalBatch,
  type JournaledRows,
  type JournalPlace,
  journalStream,
  journalSubject,
  type RowResult,
} from '@apwa/contracts';
import { contentOfBatch, type JournalReader, type JournalWriter } from '@apwa/messaging';
import { type Storage } from '@apwa/tables';
import { journalKey } from './part-key.js';

type Shard = Pick<Assignment, 'stageId' | 'shardId' | 'originId' | 'token' | 'range'>;

/** What the attempts at a shard have journaled. */
export interface Journaled {
  /** One per row, whichever came first. */
  results: Map<number, RowResult>;
  /** Of rows without a result. */
  turns: AgentTurn[];
}

export const nothingJournaled = (): Journaled => ({ results: new Map(), turns: [] });

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

  async store(sequence: number, content: JournaledRows): Promise<string> {
    const key = journalKey(this.shard, sequence);
    await this.storage.write(key, Buffer.from(JSON.stringify(content)));
    return key;
  }

  async read(place: JournalPlace, signal: AbortSignal): Promise<Journaled> {
    const { first, last } = this.shard.range;
    const own = ({ row }: { row: number }) => row >= first && row <= last;
    const results = new Map<number, RowResult>();
    const turns: AgentTurn[] = [];
    for await (const batch of this.reader.read(place, signal)) {
      const content = await contentOfBatch(batch, (key) => this.storage.read(key));
      for (const result of content.rows.filter(own)) if (!results.has(result.row)) results.set(result.row, result);
      turns.push(...content.turns.filter(own));
    }
    return { results, turns: turns.filter(({ row }) => !results.has(row)) };
  }
}
