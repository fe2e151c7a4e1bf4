import { type ErrorPayload, type PausedBy, type StageState, type TableState } from '@apwa/contracts';

/** A stage as the manager knows it: what was written down, and what the executor said last. */
export interface StageFacts {
  id: string;
  /** The executor has acknowledged it. */
  submitted: boolean;
  /** Null until the executor has said anything. */
  state: StageState | null;
  fault: ErrorPayload | null;
  /** Shards that somebody held when the executor was asked last. */
  activeShards: number;
  /** The executor has paused it by itself, under that version of its run's control. */
  pausedBy: PausedBy | null;
}

/** What of a running stage something may have to be done for. `paused`: by the executor itself. */
export interface StageStanding {
  state: StageState | null;
  paused: boolean;
}

/**
 * Whether a stage has only gone on: its rows and shards are counted, and nothing that is to be done depends on them before its end. In
 * doubt it has not.
 */
export const hasOnlyGoneOn = (before: StageStanding, now: StageStanding): boolean =>
  before.state === 'running' && now.state === 'running' && !before.paused && !now.paused;

/** What a stage makes: a table or an export. */
export interface ProductFacts {
  id: string;
  state: TableState;
  stage: StageFacts | null;
  error: ErrorPayload | null;
  /** Rows of a table by outcome, those that it has of the version before among them. */
  okRows: number;
  failedRows: number;
}

export type ProductAction =
  /** Writes down a stage for it, submits nothing yet; or makes it of the version before, where all of that can stay. */
  | { do: 'start'; productId: string }
  | { do: 'submit'; productId: string; stageId: string }
  /** The stage is done: makes of its parts what was asked for. */
  | { do: 'complete'; productId: string }
  /** It ends without a result. */
  | { do: 'settle'; productId: string; as: 'failed' | 'cancelled'; error: ErrorPayload | null };

export const isSettled = (product: ProductFacts): boolean => product.state === 'ready' || hasEndedEmpty(product);

const hasEndedEmpty = ({ state }: ProductFacts): boolean => state === 'failed' || state === 'cancelled';

export interface ProductContext {
  /** What it is made from: `rows` is a table whose stage is under way, and gives each row once it is committed. */
  inputs: 'missing' | 'rows' | 'ready';
  /** Its owner fails or was cancelled. */
  stopping: boolean;
  /** The executor knows that the owner's work is to stop: it starts nothing more for it. */
  stopKnown: boolean;
}

/** What is to be done next for one product: nothing, where it has ended or something else has to happen first. */
export const nextForProduct = (product: ProductFacts, { inputs, stopping, stopKnown }: ProductContext): ProductAction[] => {
  const productId = product.id;
  const cancelled: ProductAction = { do: 'settle', productId, as: 'cancelled', error: null };
  switch (product.state) {
    case 'ready':
    case 'failed':
    case 'cancelled':
      return [];
    case 'waiting':
      if (stopping) return [cancelled];
      return inputs === 'missing' ? [] : [{ do: 'start', productId }];
    case 'writing':
      return product.stage ? nextForStage(product.stage) : [cancelled];
  }

  function nextForStage(stage: StageFacts): ProductAction[] {
    if (!stage.submitted && stage.state === null) {
      // Its submission may have arrived although nobody heard so: it ends here only once the executor would not run it any more.
      if (stopping) return stopKnown ? [cancelled] : [];
      return inputs === 'missing' ? [] : [{ do: 'submit', productId, stageId: stage.id }];
    }
    switch (stage.state) {
      case null:
      case 'running':
        return [];
      case 'succeeded':
        if (stopping) return [cancelled];
        return inputs === 'ready' ? [{ do: 'complete', productId }] : [];
      case 'failed':
        return [{ do: 'settle', productId, as: 'failed', error: stage.fault }];
      case 'cancelled':
        return [cancelled];
    }
  }
};
