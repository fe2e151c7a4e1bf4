import { type ApwaError } from '@apwa/contracts';
import { type RunAction } from '../runs/next.js';

/** What the reconciler carries out. `close`: a table or export that was asked for by itself is done. */
export type Action = RunAction | { do: 'close' };

/** Knows how one kind of owner goes on. */
export interface Desk {
  /** What is to be done now; nothing, where something else has to happen first. */
  next(ownerId: string): Promise<Action[]>;
  /** Carries out an action. Doing it twice is the same as once. TransientError: it may be tried again. */
  perform(ownerId: string, action: Action, signal: AbortSignal): Promise<void>;
  /** An action cannot be carried out, whatever is tried. */
  giveUp(ownerId: string, action: Action, error: ApwaError): Promise<void>;
}

/** Names an action among those of its owner: the same key means the same work. */
export const keyOf = (action: Action): string => {
  switch (action.do) {
    case 'start':
    case 'complete':
    case 'settle':
      return `${action.do} ${action.productId}`;
    case 'submit':
      return `submit ${action.stageId}`;
    case 'planner_turn':
      return `planner_turn ${action.turn}`;
    case 'amend':
      return `amend ${action.tableId}`;
    case 'amendment_turn':
      return `amendment_turn ${action.turn}`;
    case 'enter':
    case 'finish':
      return `${action.do} ${action.state}`;
    case 'control':
      return `control ${action.version}`;
    case 'check_plan':
    case 'sample':
    case 'quote':
    case 'fail':
    case 'pause':
    case 'give_up_amendment':
    case 'close':
      return action.do;
  }
};
