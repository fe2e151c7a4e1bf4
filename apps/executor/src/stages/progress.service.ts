import { addCounts, type AttemptProgress, noCounts, type StageCounts } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';

/** What running attempts have reported, for displays. In memory alone: members say it again with each heartbeat. */
@Injectable()
export class ProgressService {
  readonly #reports = new Map<string, Map<string, StageCounts>>();

  /** Answers the attempts whose figures changed. */
  report(memberId: string, attempts: readonly AttemptProgress[]): string[] {
    const before = this.#reports.get(memberId);
    this.#reports.set(memberId, new Map(attempts.map(({ token, counts }) => [token, counts])));
    return attempts.filter(({ token, counts }) => doneIn(counts) !== doneIn(before?.get(token) ?? noCounts())).map(({ token }) => token);
  }

  forget(memberId: string): void {
    this.#reports.delete(memberId);
  }

  /** The sum over the shards of these attempts: of each the attempt that is furthest. Of which nothing was heard yet counts nothing. */
  of(attempts: readonly { token: string; memberId: string; shardId: string }[]): StageCounts {
    const furthest = new Map<string, StageCounts>();
    for (const { token, memberId, shardId } of attempts) {
      const counts = this.#reports.get(memberId)?.get(token);
      if (counts && rowsIn(counts) >= rowsIn(furthest.get(shardId) ?? noCounts())) furthest.set(shardId, counts);
    }
    return [...furthest.values()].reduce<StageCounts>(addCounts, noCounts());
  }
}

const rowsIn = ({ ok, failed }: StageCounts): number => ok + failed;
const doneIn = ({ ok, failed, calls }: StageCounts): number => ok + failed + calls;
