import { type CapabilityId, type JsonObject, type RowErrorCode } from '@apwa/contracts';

/** What a thread does for others: code that may loop, or take all memory. */
export type Task =
  | {
      kind: 'javascript';
      source: string;
      function: string;
      /** JSON of the arguments; null: it is loaded, and not called. */
      given: string | null;
      memoryMb: number;
      timeoutMs: number;
    }
  | { kind: 'builtin'; id: CapabilityId; given: JsonObject };

export type TaskAnswer =
  | { kind: 'output'; output: JsonObject }
  | { kind: 'loaded' }
  /** It can't be called for any row. */
  | { kind: 'unusable'; code: 'capability_syntax' | 'capability_load_failed'; message: string }
  /** Of this call. */
  | { kind: 'failed'; code: RowErrorCode; message: string };

/** What a thread says when it can be given something. */
export const READY = 'ready';
