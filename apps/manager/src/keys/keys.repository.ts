import { type ApiKey, type Scope } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { type ApiKey as ApiKeyRecord } from '../generated/prisma/client.js';
import { type KeyFacts, USE_NOTED_MS } from './verdict.js';

export type NewKey = Pick<ApiKeyRecord, 'id' | 'name' | 'prefix' | 'hash' | 'expiresAt'> & { scope: Scope };

export type KeyRow = Omit<ApiKeyRecord, 'scope'> & KeyFacts;

const rowOf = (row: ApiKeyRecord): KeyRow => ({ ...row, scope: row.scope as Scope });

/** What anybody may see of a key. */
export const keyView = ({ id, name, scope, prefix, createdAt, lastUsedAt, expiresAt, revokedAt }: KeyRow): ApiKey => ({
  id,
  name,
  scope,
  prefix,
  createdAt: createdAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  expiresAt: expiresAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
});

@Injectable()
export class KeysRepository {
  constructor(private readonly database: Database) {}

  async create(queries: Queries, key: NewKey): Promise<KeyRow> {
    return rowOf(await queries.apiKey.create({ data: key }));
  }

  async findByHash(hash: string): Promise<KeyRow | null> {
    const row = await this.database.apiKey.findUnique({ where: { hash } });
    return row && rowOf(row);
  }

  async list(limit: number, after?: string): Promise<KeyRow[]> {
    const where = after === undefined ? {} : { id: { lt: after } };
    return (await this.database.apiKey.findMany({ where, orderBy: { id: 'desc' }, take: limit })).map(rowOf);
  }

  async noteUse(id: string, now: Date): Promise<void> {
    const before = new Date(now.getTime() - USE_NOTED_MS);
    await this.database.apiKey.updateMany({
      where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: before } }] },
      data: { lastUsedAt: now },
    });
  }

  /** What `work` finds and decides holds until it has ended: nobody else makes or revokes keys meanwhile. */
  async alone<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.database.$transaction(async (queries) => {
      await queries.$executeRaw`LOCK TABLE manager.api_keys IN SHARE ROW EXCLUSIVE MODE`;
      return work(queries);
    });
  }

  async count(queries: Queries): Promise<number> {
    return queries.apiKey.count();
  }

  /** The key, and those that can do without it. */
  async forRevoking(queries: Queries, id: string): Promise<KeyRow[]> {
    return (await queries.apiKey.findMany({ where: { OR: [{ id }, { scope: 'admin', revokedAt: null }] } })).map(rowOf);
  }

  async revoke(queries: Queries, id: string): Promise<KeyRow> {
    return rowOf(await queries.apiKey.update({ where: { id }, data: { revokedAt: new Date() } }));
  }
}
