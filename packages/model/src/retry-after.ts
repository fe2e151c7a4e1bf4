/** Nobody waits longer for an endpoint, whatever it asks for. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

interface HeaderReader {
  get(name: string): string | null;
}

const bounded = (ms: number): number | undefined =>
  Number.isFinite(ms) ? Math.min(Math.max(0, Math.ceil(ms)), MAX_RETRY_AFTER_MS) : undefined;

/** Seconds, or a date. */
const headerMs = (value: string, now: number): number | undefined => {
  if (value.trim() === '') return undefined;
  const seconds = Number(value);
  return bounded(Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1_000);
};

/** Gemini's way to say it: `{ "@type": "…RetryInfo", "retryDelay": "17s" }` among the error's details. */
const detailMs = (error: unknown): number | undefined => {
  const { details } = (error ?? {}) as { details?: unknown };
  if (!Array.isArray(details)) return undefined;
  for (const detail of details as { retryDelay?: unknown }[]) {
    const delay = typeof detail?.retryDelay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(detail.retryDelay) : null;
    if (delay) return bounded(Number(delay[1]) * 1_000);
  }
  return undefined;
};

/** How long the endpoint asks to wait, in milliseconds, capped at five minutes; undefined if it does not say. */
export const retryAfterOf = (headers: HeaderReader | undefined, error: unknown, now = Date.now()): number | undefined => {
  const ms = headers?.get('retry-after-ms');
  if (ms && !Number.isNaN(Number(ms))) return bounded(Number(ms));
  const value = headers?.get('retry-after');
  return (value ? headerMs(value, now) : undefined) ?? detailMs(error);
};
