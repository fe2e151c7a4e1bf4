import {
  ApwaError,
  type Assignment,
  type CallKey,
  type CommitAnswer,
  type CommitContent,
  executorOperations,
  type StageCounts,
} from '@apwa/contracts';
import { type Messaging } from '@apwa/messaging';
import { type Logger } from '@apwa/service';
import { EXECUTOR_PATIENCE, retrying, type Waiting } from './retrying.js';

/** What an attempt says to the executor. */
export class ShardRequests {
  constructor(
    private readonly assignment: Pick<Assignment, 'stageId' | 'shardId' | 'token' | 'range'>,
    private readonly messaging: Messaging,
    private readonly log: Logger,
  ) {}

  /** `calls`: that the attempt made itself. Errors: those of the request. Without an answer the commit may have counted or not. */
  async commit(content: CommitContent, calls: number): Promise<CommitAnswer> {
    const { shardId, token } = this.assignment;
    const { answer } = await this.messaging.request(executorOperations.commit, { shardId, token, content, calls });
    return answer;
  }

  /** Tells why the stage cannot go on until somebody has heard it. Does not reject: who does not take the reason has another one. */
  async failStage(error: ApwaError, waiting: Waiting): Promise<void> {
    const { stageId, token } = this.assignment;
    this.log.warn({ stageId, token, error: error.toPayload() }, 'the stage cannot go on');
    try {
      const tell = () => this.messaging.request(executorOperations.failStage, { stageId, token, fault: error.toPayload() });
      await retrying(tell, EXECUTOR_PATIENCE, waiting);
    } catch (thrown) {
      this.log.debug({ stageId, error: ApwaError.from(thrown).toPayload() }, 'the executor does not take the reason');
    }
  }

  /** Whether a call may be made that must never be made twice; false too if the attempt is over before somebody knows. */
  async recordIntent(row: number, key: CallKey, waiting: Waiting): Promise<boolean> {
    const { stageId, token } = this.assignment;
    const ask = () => this.messaging.request(executorOperations.recordIntent, { stageId, token, row, key });
    return (await retrying(ask, EXECUTOR_PATIENCE, waiting))?.may ?? false;
  }

  /** Such a call was not carried out. Does not reject: where nobody hears of it the row is in doubt if it is taken over just now. */
  async endIntent(row: number, key: CallKey, waiting: Waiting): Promise<void> {
    const { stageId, token } = this.assignment;
    try {
      const tell = () => this.messaging.request(executorOperations.endIntent, { stageId, token, row, key });
      await retrying(tell, EXECUTOR_PATIENCE, waiting);
    } catch (thrown) {
      this.log.debug({ stageId, row, error: ApwaError.from(thrown).toPayload() }, 'could not take back an intent');
    }
  }

  /** Such calls that attempts at these rows may have made. Errors: of the request. */
  async listIntents(): Promise<{ row: number; key: CallKey }[]> {
    const { stageId, range } = this.assignment;
    return (await this.messaging.request(executorOperations.listIntents, { stageId, within: range })).intents;
  }

  /** Once: if it does not arrive the lease runs out. `journaled`: what the journal holds of the shard, where that is known. */
  async release(journaled?: StageCounts): Promise<void> {
    const { shardId, token } = this.assignment;
    try {
      await this.messaging.request(executorOperations.release, { shardId, token, ...(journaled ? { journaled } : {}) });
    } catch (thrown) {
      this.log.debug({ token, error: ApwaError.from(thrown).toPayload() }, 'could not give the shard back');
    }
  }
}
