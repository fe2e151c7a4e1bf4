import { type ToldLimits } from '@apwa/contracts';

interface HeaderReader {
  get(name: string): string | null;
}

/** Names of OpenAI and those who followed it; some say the minute in so many words. */
const LIMITS = {
  requests: ['x-ratelimit-limit-requests', 'x-ratelimit-limit-requests-minute', 'x-ratelimit-limit-req-minute'],
  tokens: ['x-ratelimit-limit-tokens', 'x-ratelimit-limit-tokens-minute'],
} as const;
const RESETS = { requests: 'x-ratelimit-reset-requests', tokens: 'x-ratelimit-reset-tokens' } as const;
/** What takes longer to be whole again is no limit of a minute: some providers tell those of a day under the same name. Milliseconds. */
const MINUTE_AND_A_BIT_MS = 75_000;

const UNITS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `6m0s`, `1.5s`, `20ms`, or a number of seconds; undefined if it is none of them. */
const durationMs = (text: string): number | undefined => {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit as string] as number), 0);
};

const limitOf = (headers: HeaderReader, what: 'requests' | 'tokens'): number | null => {
  for (const name of LIMITS[what]) {
    const limit = Number(headers.get(name) ?? Number.NaN);
    if (!Number.isFinite(limit) || limit <= 0) continue;
    const reset = name.endsWith('minute') ? undefined : durationMs(headers.get(RESETS[what]) ?? '');
    if (reset === undefined || reset <= MINUTE_AND_A_BIT_MS) return limit;
  }
  return null;
};

/** The limits per minute that an endpoint tells in the headers of an answer or of a refusal; null if it tells none. */
export const toldLimitsOf = (headers: HeaderReader | undefined): ToldLimits | null => {
  if (!headers) return null;
  const [requestsPerMinute, tokensPerMinute] = [limitOf(headers, 'requests'), limitOf(headers, 'tokens')];
  return requestsPerMinute === null && tokensPerMinute === null ? null : { requestsPerMinute, tokensPerMinute };
};
