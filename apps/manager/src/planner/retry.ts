import { PermanentError, TransientError } from '@apwa/contracts';

/** A model that cannot be reached at all is given up after this long: whoever waits wants to know. */
const UNREACHABLE_MS = 20_000;
/** Tries of a call that the endpoint answers with a passing fault. */
const MOST_TRIES = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export type RetryDecision = { decision: 'again'; afterMs: number } | { decision: 'give_up'; error: unknown };

export interface Tried {
  /** Calls made, this one counted. */
  tries: number;
  /** Since the first of them. */
  elapsedMs: number;
  /** Between 0 and 1. */
  random: number;
}

/** Where the planner's model stands in the configuration, for errors. */
export interface ModelPlace {
  name: string;
  baseUrl: string;
}

/** What to do after a failed call of the planner's model. What is given up is permanent: the run ends with it. */
export const decideRetry = (error: unknown, { tries, elapsedMs, random }: Tried, place: ModelPlace): RetryDecision => {
  if (!(error instanceof TransientError)) return { decision: 'give_up', error };
  const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1)) * (0.75 + random / 2);
  const afterMs = Math.max(error.details.retryAfterMs ?? 0, Math.round(backoff));
  if (error.code === 'connection') {
    return elapsedMs + afterMs > UNREACHABLE_MS
      ? { decision: 'give_up', error: unreachable(error, place) }
      : { decision: 'again', afterMs };
  }
  return tries < MOST_TRIES ? { decision: 'again', afterMs } : { decision: 'give_up', error: lasting(error, tries) };
};

const unreachable = (error: TransientError, { name, baseUrl }: ModelPlace): PermanentError =>
  new PermanentError('model_unreachable', `The model ${name} cannot be reached at ${baseUrl}: ${error.message}`, {
    field: `models.${name}.baseUrl`,
    value: baseUrl,
    allowed: 'the base URL of an OpenAI-compatible API that answers',
    cause: error,
  });

const lasting = ({ code, message, details }: TransientError, tries: number): PermanentError => {
  const { retryAfterMs: _, ...rest } = details;
  return new PermanentError(code, `${message} (after ${tries} tries)`, rest);
};

/** A URL as errors may show it: without user and password. */
export const shownUrl = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed) return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
};
