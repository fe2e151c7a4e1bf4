import { type RowResult } from '@apwa/contracts';
import { type CallControl } from './control.js';
import { type RowPipeline } from './row-pipeline.js';
import { type RowSource } from './row-source.js';
import { type StageCalls } from './stage-calls.js';

export interface RunRowsOptions {
  source: RowSource;
  pipeline: RowPipeline;
  stage: StageCalls;
  control: CallControl;
  /** Rows that are under way at once. */
  slots: number;
  /** The row was asked and has its result. */
  done: (result: RowResult) => void;
  /** Resolves when another row may begin as far as the journal is concerned. */
  room: () => Promise<void> | undefined;
  /** Fewer slots are needed from now on: no rows are left for the others. */
  needs: (slots: number) => void;
}

/**
 * Runs a shard's rows, `slots` at a time, until there are none left or no more may begin.
 * Errors: what reading the input throws, after the rows under way have ended.
 */
export const runRows = async (options: RunRowsOptions): Promise<void> => {
  const { source, pipeline, stage, control, done, room, needs } = options;
  let running = options.slots;
  let failed = false;

  const work = async (): Promise<void> => {
    try {
      while (!failed && control.mayBegin() && !stage.fault) {
        const wait = room();
        if (wait) {
          await wait;
          continue;
        }
        const item = await source.next();
        if (!item) return needs(Math.max(1, --running));
        if (!control.mayBegin()) return;
        const result = await pipeline.run(item.row, item.values);
        if (!result) return;
        done(result);
        source.finish(item.key, result);
      }
    } catch (thrown) {
      failed = true;
      throw thrown;
    }
  };

  const ends = await Promise.allSettled(Array.from({ length: options.slots }, work));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken) throw broken.reason;
};
