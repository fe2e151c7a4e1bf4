import { type CallKey, type ShardRange } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A call of a row that an attempt writes down. */
interface Intent {
  stageId: string;
  token: string;
  row: number;
  key: CallKey;
}

/** Calls that must never be made twice. Whoever runs their rows later asks what was written down, and leaves such rows alone. */
@Injectable()
export class IntentsService {
  constructor(private readonly database: Database) {}

  /** Whether the attempt may make the call. Its state is locked: a revocation comes before or after, and who claims next sees the intent. */
  async record({ stageId, token, row, key }: Intent): Promise<boolean> {
    return this.database.transaction(async (queries) => {
      const active = await queries.$queryRaw<unknown[]>`
        SELECT 1 FROM attempts WHERE token = ${token} AND stage_id = ${stageId} AND state = 'active' FOR SHARE`;
      if (active.length === 0) return false;
      await queries.$executeRaw`
        INSERT INTO intents (stage_id, "row", key, token) VALUES (${stageId}, ${row}, ${key}, ${token}) ON CONFLICT DO NOTHING`;
      const kept = await queries.intent.findUnique({ where: { stageId_row_key: { stageId, row, key } }, select: { token: true } });
      return kept?.token === token;
    });
  }

  /**
   * The call was not carried out. It is the attempt's own word, and true of an attempt that is over too: whoever has seen the intent by then leaves the
   * row alone, and who comes later may run it.
   */
  async end({ stageId, token, row, key }: Intent): Promise<void> {
    await this.database.transaction((queries) => queries.intent.deleteMany({ where: { stageId, row, key, token } }));
  }

  list(stageId: string, { first, last }: ShardRange): Promise<{ row: number; key: CallKey }[]> {
    return this.database.read((queries) =>
      queries.intent.findMany({ where: { stageId, row: { gte: first, lte: last } }, select: { row: true, key: true } }),
    );
  }
}
