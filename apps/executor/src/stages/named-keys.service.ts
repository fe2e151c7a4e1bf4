import { type AttemptState, type CommitContent, type StageState } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { keysOf } from '../ledger/ledger-entry.js';
import { placeOf } from '../ledger/part-keys.js';
import { isNamed } from './named-keys.js';

/** What of the objects in storage the ledger names. */
@Injectable()
export class NamedKeysService {
  constructor(private readonly database: Database) {}

  /** Those of the keys that the ledger does not name. A key that no attempt has made is none of ours to judge: it is left out. */
  async unnamed(keys: readonly string[]): Promise<string[]> {
    const places = keys.flatMap((key) => {
      const place = placeOf(key);
      return place ? [{ key, ...place }] : [];
    });
    const { stages, attempts, shards } = await this.database.read(async (queries) => ({
      stages: await queries.stage.findMany({
        where: { id: { in: places.map(({ stageId }) => stageId) } },
        select: { id: true, state: true },
      }),
      // Before the shards: an attempt that commits in between is then found in one of both.
      attempts: await queries.attempt.findMany({
        where: { token: { in: places.map(({ token }) => token) } },
        select: { token: true, state: true },
      }),
      shards: await queries.shard.findMany({
        where: { id: { in: places.map(({ shardId }) => shardId) }, state: 'committed' },
        select: { content: true },
      }),
    }));
    const stateOf = new Map(stages.map(({ id, state }) => [id, state as StageState]));
    const attemptOf = new Map(attempts.map(({ token, state }) => [token, state as AttemptState]));
    const committed = new Set(shards.flatMap(({ content }) => keysOf(content === null ? null : (JSON.parse(content) as CommitContent))));
    return places
      .filter(
        ({ key, kind, stageId, token }) =>
          !isNamed(kind, {
            stage: stateOf.get(stageId) ?? null,
            attempt: attemptOf.get(token) ?? null,
            committed: committed.has(key),
          }),
      )
      .map(({ key }) => key);
  }
}
