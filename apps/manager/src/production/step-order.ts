import { type Submission } from '../stages/stages.repository.js';
import { type Kept, type LevelPlace, type MadeTable } from '../tables/tables.repository.js';

/** What is submitted, and what is written down with it. */
export type Ordered = Pick<Submission, 'work' | 'resources' | 'maxInFlight' | 'budget'> &
  Partial<Pick<Submission, 'weight' | 'followed'>> & { kept?: Kept; templateKey?: string | null };

export type StepOrder =
  /** A stage is to be submitted. */
  | { order: 'stage'; ordered: Ordered }
  /** The table is there already, under another id. */
  | { order: 'adopt'; made: MadeTable; kept: Kept; templateKey: string | null }
  /** Before the step's own stage, results of its rows are looked for in these tables. */
  | { order: 'match'; stepId: string; sources: string[] }
  /** Before the step's own stage comes a level more: this table of it, made from these; of what may be found for it, in `earlier` ones. */
  | ({ order: 'level'; stepId: string; inputs: string[]; earlier: string[] } & LevelPlace);
