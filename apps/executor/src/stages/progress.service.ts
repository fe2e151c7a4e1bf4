import { addCounts, type AttemptProgress, noCounts, type StageCounts } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';

type WaitsFor = NonNullable<AttemptProgress['waitsFor']>;

/** What running attempts have reported, for displays. In memory alone: members say it again with each heartbeat. */
@Injectable()
export class ProgressService {
  readonly #reports = new Map<string, Map<string, StageCounts>>();
  /** Attempts that wait, by member. */
  readonly #waiting = new Map<string, Map<string, WaitsFor>>();

  /** Answers the attempts whose figures changed. */
  report(memberId: string, attempts: readonly AttemptProgress[]): string[] {
    const before = this.#reports.get(memberId);
    this.#reports.set(memberId, new Map(attempts.map(({ token, counts }) => [token, counts])));
    const waiting = attempts.flatMap(({ token, waitsFor }) => (waitsFor ? [[token, waitsFor] as const] : []));
    if (waiting.length > 0) this.#waiting.set(memberId, new Map(waiting));
    else this.#waiting.delete(memberId);
    return attempts.filter(({ token, counts }) => doneIn(counts) !== doneIn(before?.get(token) ?? noCounts())).map(({ token }) => token);
  }

  forget(memberId: string): void {
    this.#reports.delete(memberId);
    this.#waiting.delete(memberId);
  }

  /** Attempts that begin no new rows, with what they wait for. */
  waiting(): Map<string, WaitsFor> {
    return new Map([...this.#waiting.values()].flatMap((attempts) => [...attempts]));
  }

  /**
   * What open shards have come to: of each the attempt that is furthest. `left`: what the journal holds of some of them; it counts
   * until a new holder, which takes it over, has reported as much.
   */
  of(attempts: readonly HeldAttempt[], left: readonly LeftShard[]): StageCounts {
    const furthest = new Map(left.map(({ shardId, journaled }) => [shardId, journaled]));
    for (const { token, memberId, shardId } of attempts) {
      const report = this.#reports.get(memberId)?.get(token);
      if (report && doneIn(report) >= doneIn(furthest.get(shardId) ?? noCounts())) furthest.set(shardId, report);
    }
    return [...furthest.values()].reduce<StageCounts>(addCounts, noCounts());
  }
}

interface HeldAttempt {
  token: string;
  memberId: string;
  shardId: string;
}

interface LeftShard {
  shardId: string;
  journaled: StageCounts;
}

const doneIn = ({ ok, failed, calls }: StageCounts): number => ok + failed + calls;
