import { InternalError, newId, PermanentError, RefusedError, TransientError, type Run } from '@apwa/contracts';
import { EXIT, exitCodeOf, exitCodeOfRun, explain, InterruptedError } from './exit.js';

const refused = (code: string) => new RefusedError(code, 'No.').toPayload();

describe('exit codes of runs', () => {
  it.each<[Run['state'], Run['error'], number]>([
    ['succeeded', null, EXIT.succeeded],
    ['partially_succeeded', null, EXIT.partiallySucceeded],
    ['cancelled', null, EXIT.interrupted],
    ['failed', refused('bad_input'), EXIT.usage],
    ['failed', refused('invalid_plan'), EXIT.usage],
    ['failed', refused('authentication'), EXIT.failed],
    ['failed', new PermanentError('bad_input', 'No.').toPayload(), EXIT.failed],
    ['failed', null, EXIT.failed],
  ])('should be, for %s with %p, %i', (state, error, code) => {
    expect(exitCodeOfRun({ state, error })).toBe(code);
  });

  it.each([
    [new RefusedError('not_found', 'No.'), 2],
    [new TransientError('manager_unreachable', 'Away.'), 1],
    [new InternalError('internal', 'Broken.'), 1],
    [new InterruptedError(), 130],
    ['a string', 1],
  ])('should be, for what was thrown (%p), %i', (thrown, code) => {
    expect(exitCodeOf(thrown)).toBe(code);
  });
});

describe('explanations', () => {
  it('should say field, value and what is allowed, and nothing twice', () => {
    const error = new RefusedError('bad_input', 'a.docx: its ending says nothing.', { field: '--input', value: 'a.docx', allowed: '.csv' });
    expect(explain(error)).toBe('a.docx: its ending says nothing.\n  field: --input\n  allowed: .csv');
    const run = newId('run');
    expect(explain(new RefusedError('not_found', 'No such run.', { field: 'id', value: run }))).toBe(
      `No such run.\n  field: id\n  found: ${run}`,
    );
  });

  it('should give every fault of a document a line', () => {
    const faults = [
      { field: 'steps[0].input', message: 'is no table', value: 'x', allowed: 'reviews' },
      { field: 'outputs', message: 'is missing' },
    ];
    expect(explain(new RefusedError('invalid_plan', 'The plan is not valid.', { faults }))).toBe(
      'The plan is not valid.\n  steps[0].input: is no table, found: x, allowed: reviews\n  outputs: is missing',
    );
  });
});
