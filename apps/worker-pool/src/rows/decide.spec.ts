import {
  type Decision,
  decide,
  type Failure,
  RATE_LIMIT_PATIENCE_MS,
  type RowHistory,
  type StageHistory,
  UNREACHABLE_PATIENCE_MS,
} from './decide.js';

const row = (change: Partial<RowHistory> = {}): RowHistory => ({
  tries: 1,
  repairs: 0,
  refusals: 0,
  extended: false,
  elapsedMs: 100,
  ...change,
});
const stage = (change: Partial<StageHistory> = {}): StageHistory => ({
  answered: true,
  known: true,
  unreachableMs: 0,
  invalidRequests: 0,
  model: 'small',
  endpoint: 'http://model.test/v1',
  ...change,
});
const fault = { code: 'authentication', class: 'refused', message: 'wrong key' } as const;
const invalidRequest: Failure = { kind: 'request', fault: { code: 'invalid_request', class: 'refused', message: 'no such parameter' } };
const transient = (code: 'provider_error' | 'timeout' | 'connection' | 'malformed', retryAfterMs?: number): Failure => ({
  kind: 'transient',
  code,
  message: 'sorry',
  retryAfterMs,
});
const limited = (retryAfterMs?: number): Failure => ({ kind: 'rate_limited', message: 'slow down', retryAfterMs });
const faults = [{ field: 'names', message: 'must be array' }];

const cases: [string, Failure, RowHistory, StageHistory, Decision][] = [
  ['a 5xx, the first time', transient('provider_error'), row(), stage(), { kind: 'retry', afterMs: 250, countsAsTry: true }],
  ['a 5xx, the third time', transient('provider_error'), row({ tries: 3 }), stage(), { kind: 'retry', afterMs: 1_000, countsAsTry: true }],
  ['a 5xx that names a time', transient('provider_error', 3_000), row(), stage(), { kind: 'retry', afterMs: 3_175, countsAsTry: true }],
  [
    'a 5xx, the last time',
    transient('provider_error'),
    row({ tries: 5 }),
    stage(),
    { kind: 'fail', code: 'provider_error', message: 'sorry' },
  ],
  ['a timeout, the last time', transient('timeout'), row({ tries: 5 }), stage(), { kind: 'fail', code: 'timeout', message: 'sorry' }],
  ['a dropped connection', transient('connection'), row(), stage(), { kind: 'retry', afterMs: 250, countsAsTry: true }],
  [
    'no connection where others were answered before',
    transient('connection'),
    row(),
    stage({ answered: false, unreachableMs: UNREACHABLE_PATIENCE_MS }),
    { kind: 'retry', afterMs: 250, countsAsTry: true },
  ],
  [
    'no connection at all yet',
    transient('connection'),
    row(),
    stage({ answered: false, known: false }),
    { kind: 'retry', afterMs: 375, countsAsTry: false },
  ],
  [
    'no connection at all for too long',
    transient('connection'),
    row(),
    stage({ answered: false, known: false, unreachableMs: UNREACHABLE_PATIENCE_MS }),
    {
      kind: 'stop_stage',
      fault: {
        code: 'model_unreachable',
        class: 'transient',
        message: 'the model small cannot be reached at http://model.test/v1: sorry',
        field: 'models.small.baseUrl',
        value: 'http://model.test/v1',
        allowed: 'the base URL of an OpenAI-compatible API that answers',
      },
    },
  ],
  ['no JSON', transient('malformed'), row(), stage(), { kind: 'retry', afterMs: 0, countsAsTry: true }],
  ['no JSON, the last time', transient('malformed'), row({ tries: 5 }), stage(), { kind: 'fail', code: 'malformed', message: 'sorry' }],
  ['429', limited(), row({ refusals: 1 }), stage(), { kind: 'retry', afterMs: 250, countsAsTry: false }],
  ['429 after all tries', limited(2_000), row({ tries: 5, refusals: 1 }), stage(), { kind: 'retry', afterMs: 2_125, countsAsTry: false }],
  [
    '429 for half an hour',
    limited(),
    row({ elapsedMs: RATE_LIMIT_PATIENCE_MS }),
    stage(),
    { kind: 'fail', code: 'rate_limited', message: 'slow down' },
  ],
  ['JSON that breaks the schema', { kind: 'invalid', faults }, row(), stage(), { kind: 'repair', faults }],
  ['the second repair', { kind: 'invalid', faults }, row({ repairs: 1 }), stage(), { kind: 'repair', faults }],
  [
    'JSON that breaks the schema after all repairs',
    { kind: 'invalid', faults },
    row({ repairs: 2 }),
    stage(),
    { kind: 'fail', code: 'invalid_output', message: 'names: must be array' },
  ],
  ['a cut answer', { kind: 'truncated', message: 'cut' }, row(), stage(), { kind: 'extend' }],
  [
    'a cut answer again',
    { kind: 'truncated', message: 'cut' },
    row({ extended: true }),
    stage(),
    { kind: 'fail', code: 'truncated', message: 'cut' },
  ],
  ['a refusal', { kind: 'permanent', code: 'refused', message: 'no' }, row(), stage(), { kind: 'fail', code: 'refused', message: 'no' }],
  ['a filter', { kind: 'permanent', code: 'filtered', message: 'no' }, row(), stage(), { kind: 'fail', code: 'filtered', message: 'no' }],
  [
    'a used-up quota',
    { kind: 'exhausted', message: 'no credit' },
    row({ tries: 5 }),
    stage(),
    { kind: 'retry', afterMs: 0, countsAsTry: false },
  ],
  ['a wrong key', { kind: 'account', fault }, row(), stage({ answered: false }), { kind: 'stop_stage', fault }],
  ['a key that was revoked meanwhile', { kind: 'account', fault }, row(), stage(), { kind: 'stop_stage', fault }],
  [
    'a request that is not taken, of the first row',
    invalidRequest,
    row(),
    stage({ answered: false, invalidRequests: 1 }),
    { kind: 'retry', afterMs: 75, countsAsTry: false },
  ],
  [
    'a request that is not taken, of a second row',
    invalidRequest,
    row(),
    stage({ answered: false, invalidRequests: 2 }),
    { kind: 'stop_stage', fault: { code: 'invalid_request', class: 'refused', message: 'no such parameter' } },
  ],
  [
    'a request that is not taken where others were',
    invalidRequest,
    row(),
    stage(),
    { kind: 'fail', code: 'provider_error', message: 'no such parameter' },
  ],
];

const unbounded = { attempts: 5, repairs: 2, totalMs: Infinity };
const late = (change: Partial<RowHistory> = {}) => row({ elapsedMs: 5_000, ...change });
/** With five seconds for a row. */
const timed: [string, Failure, RowHistory, StageHistory, Decision][] = [
  ['a 5xx while there is time', transient('provider_error'), row(), stage(), { kind: 'retry', afterMs: 250, countsAsTry: true }],
  [
    'a 5xx whose wait ends too late',
    transient('provider_error', 5_000),
    row(),
    stage(),
    { kind: 'fail', code: 'provider_error', message: 'sorry' },
  ],
  ['no JSON at the end', transient('malformed'), late(), stage(), { kind: 'fail', code: 'malformed', message: 'sorry' }],
  ['429 that names a time too late', limited(6_000), row(), stage(), { kind: 'fail', code: 'rate_limited', message: 'slow down' }],
  [
    '429 too late before any answer',
    limited(6_000),
    row(),
    stage({ answered: false }),
    { kind: 'fail', code: 'rate_limited', message: 'slow down' },
  ],
  [
    'JSON that breaks the schema, at the end',
    { kind: 'invalid', faults },
    late(),
    stage(),
    { kind: 'fail', code: 'invalid_output', message: 'names: must be array' },
  ],
  ['a cut answer at the end', { kind: 'truncated', message: 'cut' }, late(), stage(), { kind: 'fail', code: 'truncated', message: 'cut' }],
  [
    'no connection at all yet, whatever the time',
    transient('connection'),
    late(),
    stage({ answered: false, known: false }),
    { kind: 'retry', afterMs: 375, countsAsTry: false },
  ],
  ['a wrong key, whatever the time', { kind: 'account', fault }, late(), stage(), { kind: 'stop_stage', fault }],
];

describe('decide', () => {
  it.each(cases)('should judge %s', (_, failure, history, of, decision) => {
    expect(decide(failure, history, of, unbounded, 0.5)).toEqual(decision);
  });

  it.each(timed)('should judge %s where a row has its time', (_, failure, history, of, decision) => {
    expect(decide(failure, history, of, { ...unbounded, totalMs: 5_000 }, 0.5)).toEqual(decision);
  });

  it('should never wait longer than half a minute of its own accord', () => {
    for (let tries = 1; tries < 20; tries++) {
      const decision = decide(transient('timeout'), row({ tries }), stage(), { ...unbounded, attempts: 20 }, 1);
      expect(decision.kind === 'retry' && decision.afterMs <= 30_000).toBe(true);
    }
  });

  it('should give repairs to a template that allows one try', () => {
    expect(decide({ kind: 'invalid', faults }, row(), stage(), { ...unbounded, attempts: 1, repairs: 1 }, 0)).toEqual({
      kind: 'repair',
      faults,
    });
  });
});
