/** How the offline model behaves. Left out: at once, without limits and faults. */
export interface OfflineModelOptions {
  /** Milliseconds that every answer is held back … */
  latencyMs?: number;
  /** … and up to this much longer. */
  jitterMs?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  /** Sliding window of both limits, in milliseconds. */
  limitWindowMs?: number;
  /** Share of requests answered with status 500, 0 to 1. */
  errorRate?: number;
  /** Share of answers with broken JSON, 0 to 1. */
  malformedRate?: number;
  /** Which requests the shares hit. */
  seed?: number;
  /** Asked for as a bearer token. */
  apiKey?: string;
  /** Longest prompt, in tokens. */
  contextTokens?: number;
}

const flags: Record<keyof OfflineModelOptions, string> = {
  latencyMs: '--latency',
  jitterMs: '--jitter',
  requestsPerMinute: '--rpm',
  tokensPerMinute: '--tpm',
  limitWindowMs: '--limit-window',
  errorRate: '--error-rate',
  malformedRate: '--malformed-rate',
  seed: '--seed',
  apiKey: '--api-key',
  contextTokens: '--context-tokens',
};

export const offlineModelArguments = (options: OfflineModelOptions): string[] =>
  (Object.keys(flags) as (keyof OfflineModelOptions)[]).flatMap((key) =>
    options[key] === undefined ? [] : [flags[key], String(options[key])],
  );
