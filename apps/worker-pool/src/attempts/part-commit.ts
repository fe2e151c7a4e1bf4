import { ApwaError, type CommitContent, TransientError } from '@apwa/contracts';
import { type HolderEvent } from '@apwa/ledger-protocol';
import { type Logger } from '@apwa/service';
import { delayOf, EXECUTOR_PATIENCE, mayHeal, retrying, STORAGE_PATIENCE, type Waiting } from './retrying.js';
import { type ShardRequests } from './shard-requests.js';

/** Milliseconds before a shard is given back that met a transient fault: nobody takes it up at once to meet it again. */
export const RELEASE_DELAY_MS = 2_000;

/** What the last stretch of an attempt needs of it. */
export interface PartCommitAttempt {
  readonly token: string;
  readonly waiting: Waiting;
  /** That it has begun itself. */
  calls(): number;
  dispatch(event: HolderEvent): void;
  handOn(): Promise<void>;
  failStage(error: ApwaError): Promise<void>;
}

/** The last stretch of an attempt: its part is written, and committed. */
export class PartCommit {
  #content: CommitContent | undefined;
  #commits = 0;

  constructor(
    private readonly attempt: PartCommitAttempt,
    private readonly requests: ShardRequests,
    private readonly log: Logger,
  ) {}

  /** `again`: what failed for a passing reason is tried again here; else that is the work's own affair. */
  async write(write: number, writeOnce: () => Promise<CommitContent>, again: boolean): Promise<void> {
    try {
      this.#content = again ? await retrying(writeOnce, STORAGE_PATIENCE, this.attempt.waiting) : await writeOnce();
      if (this.#content) this.attempt.dispatch({ kind: 'part_written', write });
    } catch (thrown) {
      await this.#notWritten(ApwaError.from(thrown));
    }
  }

  /** Asked until there is a definite answer: without one the commit may have counted or not (HAZARDS H3). */
  async commit(): Promise<void> {
    if (!this.#content) return;
    try {
      this.attempt.dispatch({ kind: 'commit_answered', answer: await this.requests.commit(this.#content, this.attempt.calls()) });
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      if (!mayHeal(error)) return this.attempt.failStage(error);
      this.log.debug({ token: this.attempt.token, error: error.toPayload() }, 'no answer to the commit');
      await this.attempt.waiting.wait(delayOf(EXECUTOR_PATIENCE, this.#commits++));
      this.attempt.dispatch({ kind: 'commit_unanswered' });
    }
  }

  async #notWritten(error: ApwaError): Promise<void> {
    if (this.attempt.waiting.over()) return;
    if (!(error instanceof TransientError)) return this.attempt.failStage(error);
    this.log.warn({ token: this.attempt.token, error: error.toPayload() }, 'the part could not be written: the shard is given back');
    await this.attempt.waiting.wait(RELEASE_DELAY_MS);
    await this.attempt.handOn();
  }
}
