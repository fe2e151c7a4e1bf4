/** What the stub has seen since it was told to begin anew. Times are milliseconds of the machine's monotonic clock. */
export interface StubStats {
  requests: number;
  inFlight: number;
  maxInFlight: number;
  /** Requests for a row, of agents for a turn of it, that had been asked before. */
  repeats: number;
  /** When the first request was complete; null if none came. */
  firstRequestAt: number | null;
  lastAnswerAt: number | null;
  /** Requests that were refused with 429. */
  refused: number;
  /** Answers in each second since the first request: the rate as it went. */
  perSecond: number[];
  /** Of the requests' messages, of those that were looked at: bytes on average, those before the row's message, and how many at their beginning all have in common. */
  prompts: { looked: number; meanBytes: number; staticBytes: number; sharedBytes: number };
  /** The stub's own CPU time: no figure counts it, but it must not be what limits anybody. Milliseconds. */
  cpuMs: number;
}

/** A message to the stub's process. Each is answered by what the stub has seen until then. */
export interface StubCommand {
  id: number;
  /** Milliseconds until each answer, from now on. */
  latencyMs?: number;
  /** The row with this mark is answered later, where the prompt holds this text. */
  slow?: { row: number; prompt: string; ms: number } | null;
  /** Agents are answered by a call of a tool, `text_length`, until their conversation has so many turns; null: at once. */
  turns?: number | null;
  /** Requests that are answered per minute at most, evenly, from now on; null: all. Others are refused with 429 and `Retry-After`. */
  perMinute?: number | null;
  /** Forget what was seen. */
  reset?: boolean;
}

export type StubMessage = { kind: 'listening'; port: number } | { kind: 'stats'; id: number; stats: StubStats };

/** Milliseconds of a clock that all processes of the machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
