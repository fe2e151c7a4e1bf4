import { ApwaError, type Assignment, type JournalPlace } from '@apwa/contracts';
import { type Logger } from '@apwa/service';
import { type Journaled, nothingJournaled, type ShardJournal } from './journal.js';
import { JOURNAL_PATIENCE, retrying, type Waiting } from './retrying.js';

/** The first attempt at a shard that came of no other has nobody to take over from. */
export const mayHavePredecessors = ({ attempt, shardId, originId }: Assignment): boolean => attempt > 1 || originId !== shardId;

/** Of what is given up nothing is taken over. */
const mayTakeOver = (assignment: Assignment): boolean => assignment.handling !== 'condemned' && mayHavePredecessors(assignment);

/** What earlier attempts at a shard have journaled; nothing if the journal cannot be read: then its rows are asked again. */
export const takeOver = async (
  assignment: Assignment,
  journal: ShardJournal,
  place: JournalPlace,
  { signal, waiting, log }: { signal: AbortSignal; waiting: Waiting; log: Logger },
): Promise<Journaled> => {
  if (!mayTakeOver(assignment)) return nothingJournaled();
  try {
    return (await retrying(() => journal.read(place, signal), JOURNAL_PATIENCE, waiting)) ?? nothingJournaled();
  } catch (thrown) {
    log.warn(
      { token: assignment.token, error: ApwaError.from(thrown).toPayload() },
      'the journal cannot be read: its rows are asked again',
    );
    return nothingJournaled();
  }
};
