import { Plan, RefusedError, RunRequest } from '@apwa/contracts';
import { parse } from './faults.js';

const faultsOf = (document: unknown, schema: typeof RunRequest | typeof Plan = RunRequest) => {
  try {
    parse(schema, document, 'body');
  } catch (error) {
    if (error instanceof RefusedError) return error.details.faults ?? [];
    throw error;
  }
  return [];
};
const request = { goal: 'count', inputs: [{ name: 'rows', table: 'tbl_1' }] };

describe('parsing at a door', () => {
  it('should give back what is right, with defaults', () => expect(parse(RunRequest, request, 'body').approval).toBe('auto'));

  it('should suggest the key that was meant', () => {
    expect(faultsOf({ ...request, outpts: [] })).toEqual([
      {
        field: 'outpts',
        message: 'is not a key that may stand here',
        value: 'outpts',
        allowed: expect.stringContaining('did you mean outputs?'),
      },
    ]);
  });

  it('should look into the alternative that comes nearest', () => {
    expect(faultsOf({ ...request, inputs: [{ name: 'rows', table: 'tbl_1', fromat: 'csv' }] })).toEqual([
      expect.objectContaining({ field: 'inputs[0].fromat' }),
    ]);
  });

  it('should list the values of a closed list', () => {
    expect(faultsOf({ ...request, approval: 'never' })).toEqual([
      expect.objectContaining({ field: 'approval', value: 'never', allowed: 'auto, required' }),
    ]);
    const steps = [{ id: 'a', kind: 'mapp', input: 'rows' }];
    expect(faultsOf({ version: 1, steps, outputs: ['a'] }, Plan)).toEqual([
      expect.objectContaining({ field: 'steps[0].kind', value: 'mapp', allowed: 'map, sql, table, split, reduce' }),
    ]);
  });

  it('should name every fault of a document', () => {
    const fields = faultsOf({ goal: 'x'.repeat(20_001), inputs: 7, stopAfter: 1 }).map(({ field }) => field);
    expect(fields).toEqual(['goal', 'inputs', 'stopAfter']);
  });

  it.each([
    [{ ...request, goal: 'x'.repeat(20_001) }, 'goal', 'at most 20000 characters'],
    [{ ...request, goal: 7 }, 'goal', 'text'],
    [{ ...request, inputs: [...request.inputs, ...request.inputs] }, 'inputs', 'inputs with different names'],
    [{ ...request, inputs: [{ name: 'My Rows', table: 'tbl_1' }] }, 'inputs[0].name', 'a name of lower-case letters'],
    [{ ...request, limits: { concurrency: 0 } }, 'limits.concurrency', 'at least 1'],
    [{ ...request, limits: { concurrency: 1.5 } }, 'limits.concurrency', 'an integer'],
    [{ inputs: request.inputs }, 'goal', 'there where no plan is'],
    [[request], undefined, 'an object'],
  ])('should say what is allowed in place of %j', (document, field = 'body', allowed) => {
    expect(faultsOf(document)).toEqual([expect.objectContaining({ field, allowed: expect.stringContaining(allowed) })]);
  });

  it('should say that a body is missing', () => expect(faultsOf(undefined)).toEqual([expect.objectContaining({ field: 'body' })]));
});
