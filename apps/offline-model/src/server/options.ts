/** How the server behaves. Times are milliseconds; a limit that is null is not applied. */
export interface OfflineModelOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  /** Every answer is held back this long … */
  latencyMs: number;
  /** … and up to this much longer. How much is told by the request's content. */
  jitterMs: number;
  requestsPerMinute: number | null;
  /** Prompt and completion together. */
  tokensPerMinute: number | null;
  /** The sliding window of both limits: 60,000 as providers document it; shorter ones allow the same rate in smaller bursts. */
  limitWindowMs: number;
  /** Share of requests answered with status 500, 0 to 1. */
  errorRate: number;
  /** Share of answers whose JSON is broken, 0 to 1. */
  malformedRate: number;
  /** Which requests the two shares hit. */
  seed: number;
  /** Asked for as a bearer token; null: every caller is welcome. */
  apiKey: string | null;
  /** Prompts above it are refused as `context_length_exceeded`. */
  contextTokens: number;
}

export const DEFAULT_OPTIONS: OfflineModelOptions = {
  host: '127.0.0.1',
  port: 0,
  latencyMs: 0,
  jitterMs: 0,
  requestsPerMinute: null,
  tokensPerMinute: null,
  limitWindowMs: 60_000,
  errorRate: 0,
  malformedRate: 0,
  seed: 1,
  apiKey: null,
  contextTokens: 128_000,
};
