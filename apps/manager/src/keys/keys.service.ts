import { type ApiKey, type ApiKeyList, ApiKeyText, ageMs, type CreatedKey, type CreateKeyRequest, newId, type Page } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ofAnything } from '../database/errors.js';
import { notFound } from '../http/not-found.js';
import { LOG, type Logger } from '../settings.js';
import { hashOf, newKeyText, prefixOf } from './key-text.js';
import { type KeyRow, KeysRepository, keyView } from './keys.repository.js';
import { keyMissing, keyRefused, lastAdmin } from './refusals.js';
import { bearerOf, decideRevoke, isUseDue, verdictOf } from './verdict.js';

/** Keys of the HTTP API. A key itself leaves here once, in the answer to whoever asked for it. */
@Injectable()
export class KeysService {
  constructor(
    private readonly keys: KeysRepository,
    private readonly database: Database,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async create({ name, scope, expiresIn }: CreateKeyRequest): Promise<CreatedKey> {
    const key = newKeyText();
    const expiresAt = expiresIn === undefined ? null : new Date(Date.now() + ageMs(expiresIn));
    const row = await this.keys.create(this.database, {
      id: newId('key'),
      name,
      scope,
      expiresAt,
      prefix: prefixOf(key),
      hash: hashOf(key),
    });
    this.log.info({ key: row.id, scope, expiresAt: row.expiresAt }, 'a key was made');
    return { ...keyView(row), key };
  }

  async list({ limit, after }: Page): Promise<ApiKeyList> {
    const rows = await this.keys.list(limit + 1, after);
    const keys = rows.slice(0, limit).map(keyView);
    return { keys, next: rows.length > limit ? (keys.at(-1)?.id ?? null) : null };
  }

  /** From the next request on it is good for nothing. Again is the same. */
  async revoke(id: string): Promise<ApiKey> {
    return this.keys.alone(async (queries) => {
      const rows = await this.keys.forRevoking(queries, id);
      const row = rows.find((one) => one.id === id);
      if (!row) throw notFound('key', id);
      switch (decideRevoke(id, rows)) {
        case 'nothing_to_do':
          return keyView(row);
        case 'last_admin':
          throw lastAdmin(id);
        case 'revoke': {
          const revoked = await this.keys.revoke(queries, id);
          this.log.info({ key: id }, 'a key was revoked');
          return keyView(revoked);
        }
      }
    });
  }

  /** The key that the header `Authorization` of a request holds; throws what is to be said of any that is not good. */
  async authenticate(header: string | undefined): Promise<KeyRow> {
    const bearer = bearerOf(header);
    if (bearer.kind !== 'key') throw keyMissing();
    const now = new Date();
    // What cannot be a key is not looked for.
    const row = ApiKeyText.safeParse(bearer.key).success ? await this.keys.findByHash(hashOf(bearer.key)) : null;
    const verdict = verdictOf(row, now);
    if (verdict !== 'good' || !row) throw keyRefused(verdict === 'good' ? 'unknown' : verdict);
    // Nobody waits for the note, and a request that is good does not fail for it.
    if (isUseDue(row, now))
      void this.keys
        .noteUse(row.id, now)
        .catch((error: unknown) => this.log.warn({ key: row.id, error: ofAnything(error).toPayload() }, 'the use of a key was not noted'));
    return row;
  }
}
