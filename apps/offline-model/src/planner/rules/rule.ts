import { type Step } from '@apwa/contracts';
import { type TableView } from '../tables.js';

/** A question to the manager: one of its tools, and what it is given. */
export interface Ask {
  tool: string;
  arguments: object;
}

/** What a rule makes of a goal. */
export interface Built {
  steps: Step[];
  /** Ids, the main result first. */
  outputs: string[];
  /** What of the goal has no place in the plan, in words. */
  impossible: string[];
}

/** Why there is no plan, and what would make one possible, for the person. */
export interface Refusal {
  reason: string;
  missing: string;
}

export type Outcome = { ask: Ask } | { built: Built } | { refusal: Refusal };

/** What a rule goes by: the goal, and what the manager's tools have shown. */
export interface Situation {
  goal: string;
  /** Tables whose columns are known. */
  tables: readonly TableView[];
  /** Names of all inputs. */
  inputs: readonly string[];
  /** Ids of steps whose files are asked for. */
  requested: readonly string[];
  /** Hosts that `builtin:fetch` may read. */
  fetchHosts: readonly string[];
  /** Names that properties can't have, as faults have told. */
  takenProperties: ReadonlySet<string>;
  /** What the manager answered. Undefined: it was not asked yet; null: it cannot be asked, or the answer tells nothing. */
  answer: (ask: Ask) => unknown;
}

/** A kind of goal that can be planned for. */
export interface Rule {
  /** In words, for whoever asks for something else. */
  plans: string;
  /** Null: the goal is of another kind. */
  apply: (situation: Situation) => Outcome | null;
}
