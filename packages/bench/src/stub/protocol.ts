/** What the stub has seen since it was told to begin anew. Times are milliseconds of the machine's monotonic clock. */
export interface StubStats {
  requests: number;
  inFlight: number;
  maxInFlight: number;
  /** Requests for a row that had been asked before. */
  repeats: number;
  /** When the first request was complete; null if none came. */
  firstRequestAt: number | null;
  lastAnswerAt: number | null;
  /** The stub's own CPU time: no figure counts it, but it must not be what limits anybody. Milliseconds. */
  cpuMs: number;
}

/** A message to the stub's process. Each is answered by what the stub has seen until then. */
export interface StubCommand {
  id: number;
  /** Milliseconds until each answer, from now on. */
  latencyMs?: number;
  /** Forget what was seen. */
  reset?: boolean;
}

export type StubMessage = { kind: 'listening'; port: number } | { kind: 'stats'; id: number; stats: StubStats };

/** Milliseconds of a clock that all processes of the machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
