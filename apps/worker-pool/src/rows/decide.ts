import { type ErrorPayload, type Fault, type RowErrorCode } from '@apwa/contracts';
import { shownFaults } from './shown-faults.js';

/** What came of a call that did not give a valid answer. */
export type Failure =
  /** Faults that passing time may heal. */
  | { kind: 'transient'; code: 'provider_error' | 'timeout' | 'connection' | 'malformed'; message: string; retryAfterMs?: number }
  | { kind: 'rate_limited'; message: string; retryAfterMs?: number }
  /** JSON that breaks the template's schema. */
  | { kind: 'invalid'; faults: readonly Fault[] }
  | { kind: 'truncated'; message: string }
  /** What the same prompt will meet again. */
  | { kind: 'permanent'; code: 'refused' | 'filtered' | 'empty' | 'context_exceeded'; message: string }
  /** The provider does not take the request: the template's fault if it meets the first rows, a row's own later on. */
  | { kind: 'request'; fault: ErrorPayload }
  /** The account has no quota left: calls go elsewhere, or wait until it has. */
  | { kind: 'exhausted'; message: string }
  /** Something is wrong with the account: no row's fault. */
  | { kind: 'account'; fault: ErrorPayload };

/** What a row has been through so far, the call that just failed counted. */
export interface RowHistory {
  /**
   * Calls that ended in a transient fault and used up a try. Those refused with 429 don't, nor those before anything was reached or
   * while the endpoint was down.
   */
  tries: number;
  repairs: number;
  /** Calls in a row that were refused with 429. */
  refusals: number;
  /** The larger cap has been tried. */
  extended: boolean;
  /** Milliseconds since the row's first call. */
  elapsedMs: number;
}

/** What the stage has been through in this member. */
export interface StageHistory {
  /** A call of the stage has been answered by the model, in whatever way. */
  answered: boolean;
  /** Somebody's call has been, before: the address is right, and whoever is silent there is away. */
  known: boolean;
  /** Milliseconds for which nothing but refused connections has been seen; 0 when the last call was the first of them. */
  unreachableMs: number;
  /** Requests that were not taken before any was answered. */
  invalidRequests: number;
  /** The model's name in the configuration. */
  model: string;
  /** Where the model is, for a person: its base URL. */
  endpoint: string;
}

export interface RetryPolicy {
  attempts: number;
  repairs: number;
  /** Milliseconds from the row's first call after which it is not called again; Infinity for no bound. */
  totalMs: number;
}

export type Decision =
  | { kind: 'retry'; afterMs: number; countsAsTry: boolean }
  /** The same prompt with the cap doubled. */
  | { kind: 'extend' }
  | { kind: 'repair'; faults: readonly Fault[] }
  | { kind: 'fail'; code: RowErrorCode; message: string }
  | { kind: 'stop_stage'; fault: ErrorPayload };

export const DEFAULT_ATTEMPTS = 5;
export const DEFAULT_REPAIRS = 2;
/** Milliseconds. A row that a provider has refused for so long, by its limits alone, fails. */
export const RATE_LIMIT_PATIENCE_MS = 30 * 60_000;
/** Milliseconds. A stage whose model can't be reached from its first calls on is given up after these. */
export const UNREACHABLE_PATIENCE_MS = 6_000;
/** Requests not taken before any was answered after which the template is at fault. */
const INVALID_REQUESTS = 2;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;
/** Tries while nothing has been reached yet: often enough to notice a service that is just starting. */
const UNREACHABLE_RETRY_MS = 500;

/** Exponential with full jitter: all of the delay is random, so that rows that failed together don't come back together. */
const backoff = (failures: number, random: number): number =>
  Math.round(random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.max(0, failures - 1)));

/** A server's word is a lower bound; a little jitter on top keeps those who were told the same from coming back as one. */
const waitFor = (failures: number, retryAfterMs: number | undefined, random: number): number =>
  retryAfterMs === undefined ? backoff(failures, random) : Math.round(retryAfterMs + random * Math.min(1_000, 50 + retryAfterMs * 0.1));

/** The row's error if it fails by this failure. */
export const rowErrorOf = (failure: Failure): { code: RowErrorCode; message: string } => {
  switch (failure.kind) {
    case 'account':
    case 'request':
      return { code: 'provider_error', message: failure.fault.message };
    case 'invalid':
      return { code: 'invalid_output', message: shownFaults(failure.faults) };
    case 'truncated':
    case 'rate_limited':
      return { code: failure.kind, message: failure.message };
    case 'permanent':
    case 'transient':
      return { code: failure.code, message: failure.message };
    case 'exhausted':
      return { code: 'provider_error', message: failure.message };
  }
};

/**
 * What becomes of a row after a call that failed. Pure: `random` (0 to 1) is drawn by the caller.
 * Tries, repair turns and the larger cap are counted apart: a template that allows one try still gets its repairs.
 */
export const decide = (failure: Failure, row: RowHistory, stage: StageHistory, policy: RetryPolicy, random: number): Decision => {
  const decision = judge(failure, row, stage, policy, random);
  return leavesNoTime(failure, decision, row, policy, stage) ? fails(failure) : decision;
};

/** Whether the row's time is over before its next call would begin. Until a model has been reached no row is at fault, nor for an account. */
const leavesNoTime = (failure: Failure, decision: Decision, row: RowHistory, { totalMs }: RetryPolicy, stage: StageHistory): boolean => {
  switch (decision.kind) {
    case 'fail':
    case 'stop_stage':
      return false;
    case 'retry':
      if (failure.kind === 'exhausted') return false;
      return row.elapsedMs + decision.afterMs >= totalMs && (stage.answered || failure.kind === 'rate_limited');
    case 'extend':
    case 'repair':
      return row.elapsedMs >= totalMs;
  }
};

const fails = (failure: Failure): Extract<Decision, { kind: 'fail' }> => ({ kind: 'fail', ...rowErrorOf(failure) });

const judge = (failure: Failure, row: RowHistory, stage: StageHistory, policy: RetryPolicy, random: number): Decision => {
  switch (failure.kind) {
    case 'account':
      return { kind: 'stop_stage', fault: failure.fault };
    case 'exhausted':
      return { kind: 'retry', afterMs: 0, countsAsTry: false };
    case 'request':
      return decideRequest(failure, stage, random);
    case 'permanent':
      return fails(failure);
    case 'truncated':
      return row.extended ? fails(failure) : { kind: 'extend' };
    case 'invalid':
      return row.repairs < policy.repairs ? { kind: 'repair', faults: failure.faults } : fails(failure);
    case 'rate_limited':
      return decideRefusal(failure, row, random);
    case 'transient':
      return decideTransient(failure, row, stage, policy, random);
  }
};

/** What becomes of a call that was refused with 429, a model's or a capability's. */
export const decideRefusal = (
  failure: Extract<Failure, { kind: 'rate_limited' }>,
  { refusals, elapsedMs }: Pick<RowHistory, 'refusals' | 'elapsedMs'>,
  random: number,
): Extract<Decision, { kind: 'retry' | 'fail' }> => {
  const afterMs = waitFor(refusals, failure.retryAfterMs, random);
  return elapsedMs + afterMs > RATE_LIMIT_PATIENCE_MS ? fails(failure) : { kind: 'retry', afterMs, countsAsTry: false };
};

/** Two rows must meet it before it is the template's fault: one alone may be a bad row, and that ends no stage. */
const decideRequest = (failure: Extract<Failure, { kind: 'request' }>, stage: StageHistory, random: number): Decision => {
  if (stage.answered) return fails(failure);
  if (stage.invalidRequests >= INVALID_REQUESTS) return { kind: 'stop_stage', fault: failure.fault };
  return { kind: 'retry', afterMs: Math.round(50 + random * 50), countsAsTry: false };
};

const unreachable = ({ model, endpoint }: StageHistory, why: string): ErrorPayload => ({
  code: 'model_unreachable',
  class: 'transient',
  message: `the model ${model} cannot be reached at ${endpoint}: ${why}`,
  field: `models.${model}.baseUrl`,
  value: endpoint,
  allowed: 'the base URL of an OpenAI-compatible API that answers',
});

const decideTransient = (
  failure: Extract<Failure, { kind: 'transient' }>,
  row: RowHistory,
  stage: StageHistory,
  policy: RetryPolicy,
  random: number,
): Decision => {
  if (failure.code === 'connection' && !stage.answered && !stage.known) {
    if (stage.unreachableMs < UNREACHABLE_PATIENCE_MS)
      return { kind: 'retry', afterMs: Math.round(UNREACHABLE_RETRY_MS * (0.5 + random / 2)), countsAsTry: false };
    return { kind: 'stop_stage', fault: unreachable(stage, failure.message) };
  }
  if (row.tries >= policy.attempts) return fails(failure);
  // A malformed answer is a bad draw: nothing is gained by waiting before the next one.
  const afterMs = failure.code === 'malformed' ? 0 : waitFor(row.tries, failure.retryAfterMs, random);
  return { kind: 'retry', afterMs, countsAsTry: true };
};
