import { type RowResult, type RowValues } from '@apwa/contracts';

/** Which of several replicas of a row it is. */
export interface ReplicaOfRow {
  /** From 0. Default 0. */
  replica?: number;
  /** The row counts as begun in the budget of its run already. Default false. */
  counted?: boolean;
}

/** Takes rows to their results. All rows of an attempt go through one, many at a time. */
export interface Pipeline {
  /**
   * The row's result, ok or failed; null if it was abandoned: the attempt was dropped, held before another try, or the stage was
   * stopped (then the stage says why).
   */
  run(row: number, values: RowValues, of?: ReplicaOfRow): Promise<RowResult | null>;
}
