/** The task of every contender: one structured call per row. */
export const INSTRUCTIONS = 'Label the sentiment of this message as positive, negative or neutral.';

export const OUTPUT_SCHEMA = {
  type: 'object',
  required: ['label'],
  additionalProperties: false,
  properties: { label: { type: 'string', enum: ['positive', 'negative', 'neutral'] } },
};

/** What a contender is started with, as JSON in its first argument. */
export interface Task {
  /** JSON lines with `text`: the rows. */
  rowsFile: string;
  /** Rows to do, from the first one. */
  rows: number;
  concurrency: number;
  /** `http://127.0.0.1:PORT/v1`. */
  baseUrl: string;
  instructions: string;
  outputSchema: object;
  /** Rows to do before the clock starts, so that compiled code is compared with compiled code. */
  warmUp: number;
  /** Of agents: answers of the model for each row, all but the last of which call a tool. */
  turns?: number;
}

/** A contender tells when it is warm, waits for `go`, and tells when all rows are done. */
export type ContenderMessage = { kind: 'ready' } | { kind: 'done'; answered: number } | { kind: 'failed'; message: string };
