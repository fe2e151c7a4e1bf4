import { type Logger } from '@apwa/service';
import { type Slots } from '../member/slots.js';
import { type ReadyStage } from '../stages/stages.js';
import { type ShardJournal } from './journal.js';
import { type JournalTurns } from './journal-turns.js';
import { type ShardRequests } from './shard-requests.js';
import { type AttemptWork } from './work.js';

/** What an attempt works with. */
export interface AttemptParts {
  slots: Slots;
  journal: ShardJournal;
  /** Who may begin rows while the journal takes no more. */
  turns: JournalTurns;
  requests: ShardRequests;
  log: Logger;
  /** What the stage of the attempt is, made ready. */
  stage(): Promise<ReadyStage>;
  /** What the attempt's work is, once the stage is known. */
  work(stage: ReadyStage): AttemptWork;
  /** Something changed for rows that wait for the run's budget: they look again. */
  wake(): void;
  /** Slots became free. */
  freed(): void;
}

export interface AttemptTerms {
  /** When the claim was sent, in monotonic milliseconds. */
  sentAt: number;
  leaseMs: number;
  /** The run is paused already, or the member drains. */
  held: boolean;
}
