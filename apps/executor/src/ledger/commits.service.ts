import { type CommitAnswer, type CommitContent, InternalError, type LeaseToken, type Part, RefusedError } from '@apwa/contracts';
import { decide } from '@apwa/ledger-protocol';
import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { NoticesService } from '../notices/notices.service.js';
import { STORAGE } from '../settings.js';
import { FailureWatch } from '../stages/failure-watch.js';
import { partPrefix } from './part-keys.js';
import { LedgerRepository } from './ledger.repository.js';
import { LedgerWriter, type StageChange } from './ledger-writer.js';

interface Commit {
  shardId: string;
  token: LeaseToken;
  content: CommitContent;
  calls: number;
}

/** Commits: the first one of an attempt that is not revoked wins. */
@Injectable()
export class CommitsService {
  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerRepository,
    private readonly writer: LedgerWriter,
    private readonly notices: NoticesService,
    private readonly failures: FailureWatch,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** Idempotent. RefusedError `foreign_part` if the part's key is not one of the attempt's own. */
  async commit({ shardId, token, content, calls }: Commit): Promise<CommitAnswer> {
    // Looked up before the transaction: a store that is slow must not hold the ledger's locks.
    const stageId = await this.database.read((queries) => this.ledger.stageOf(queries, shardId));
    if (stageId === null) return 'unknown';
    const parts = [content.part, content.rejected].filter((part) => part !== null);
    for (const part of parts) requireOwn(part, partPrefix(stageId, shardId, token));
    const found = (await Promise.all(parts.map((part) => this.#isThere(part)))).every(Boolean);
    const { part } = content;

    const { answer, change, pools } = await this.database.transaction(async (queries) => {
      const locked = await this.ledger.lockIn(queries, stageId, shardId);
      if (!locked) return { answer: 'unknown' as const, change: null, pools: [] };
      const { effects } = decide(locked.shard, { kind: 'commit', token, part, found });
      const written: StageChange | null = await this.writer.write(queries, locked, effects, { content, calls });
      const answered = effects.find((effect) => effect.kind === 'commit_answer');
      if (!answered) throw new InternalError('commit_unanswered', 'A commit is always answered.');
      const followers = written ? await this.ledger.follow(queries, written.stageId, locked.shard.range) : [];
      return { answer: answered.answer, change: written, pools: followers };
    });
    this.notices.stage(change);
    for (const pool of pools) this.notices.work(pool);
    if (change && content.counts.failed > 0) await this.failures.look([change.stageId]);
    return answer;
  }

  async #isThere(part: Part): Promise<boolean> {
    const stored = await this.storage.describe(part.key);
    return stored !== null && stored.bytes === part.bytes && stored.sha256 === part.sha256;
  }
}

const requireOwn = ({ key }: Part, prefix: string): void => {
  if (key.startsWith(prefix)) return;
  throw new RefusedError('foreign_part', 'The part is not one that this attempt may commit.', {
    field: 'content.part.key',
    value: key,
    allowed: `keys that begin with ${prefix}`,
  });
};
