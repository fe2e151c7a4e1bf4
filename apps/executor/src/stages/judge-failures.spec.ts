import { type FailureBound, noCounts, type StageCounts } from '@apwa/contracts';
import { judgeFailures } from './judge-failures.js';

/** Rows by outcome; codes as they stand in `errors`. */
const counts = (ok: number, errors: StageCounts['errors'] = {}): StageCounts => ({
  ...noCounts(),
  ok,
  failed: Object.values(errors).reduce((sum, rows) => sum + rows, 0),
  errors,
});

const goingOn: [string, StageCounts, FailureBound | undefined][] = [
  ['nothing is known', counts(0), undefined],
  ['few rows have failed, all alike', counts(0, { refused: 199 }), undefined],
  ['many rows have failed, but one is right', counts(1, { refused: 100_000 }), undefined],
  ['all have failed by faults that time may heal', counts(0, { timeout: 100_000 }), undefined],
  ['all have failed in different ways', counts(0, { refused: 500, empty: 1 }), undefined],
  ['all have failed in the step before', counts(0, { input_failed: 100_000 }), undefined],
  ['as many have failed as may', counts(0, { empty: 5 }), { count: 5 }],
  ['more have failed in the step before', counts(0, { empty: 5, input_failed: 900 }), { count: 5 }],
  ['the share is just met', counts(80, { empty: 20 }), { share: 0.2, minRows: 100 }],
  ['the share is exceeded among too few rows', counts(0, { empty: 199 }), { share: 0.2 }],
  ['rows of the step before would make the share', counts(80, { empty: 20, input_failed: 400 }), { share: 0.2, minRows: 100 }],
  ['all fail, and all may', counts(0, { refused: 1_000_000 }), { share: 1, minRows: 1 }],
];

const stopping: [string, StageCounts, FailureBound | undefined, string][] = [
  ['the first 200 rows fail alike', counts(0, { refused: 200 }), undefined, 'the first 200 rows have all failed: refused 200'],
  [
    'rows of the step before fail beside them',
    counts(0, { invalid_output: 200, input_failed: 7 }),
    undefined,
    'the first 200 rows have all failed: invalid_output 200',
  ],
  ['one more than may has failed', counts(10, { empty: 6 }), { count: 5 }, '6 of 16 rows have failed, and 5 may: empty 6'],
  ['none may fail', counts(10, { timeout: 1 }), { count: 0 }, '1 of 11 rows have failed, and 0 may: timeout 1'],
  [
    'the share is exceeded',
    counts(79, { empty: 4, timeout: 15, refused: 1, filtered: 1 }),
    { share: 0.2, minRows: 100 },
    '21 of 100 rows have failed, and a share of 0.2 may: timeout 15, empty 4, refused 1',
  ],
];

describe('judgeFailures', () => {
  it.each(goingOn)('should let a stage go on when %s', (_, of, bound) => expect(judgeFailures(of, bound)).toEqual({ kind: 'go_on' }));

  it.each(stopping)('should stop a stage when %s', (_, of, bound, message) =>
    expect(judgeFailures(of, bound)).toMatchObject({
      kind: 'stop',
      fault: { code: 'too_many_failures', class: 'permanent', message, field: 'template.retry.stopWhenFailuresExceed' },
    }),
  );

  it('should show what a row of the commonest code was told, and the bound', () => {
    const of = { ...counts(0, { empty: 1, refused: 2 }), examples: { empty: 'nothing there', refused: 'I cannot do that' } };
    expect(judgeFailures(of, { count: 1 })).toMatchObject({
      fault: { message: '3 of 3 rows have failed, and 1 may: refused 2, empty 1; for example: I cannot do that', value: '{"count":1}' },
    });
  });
});
