import { z } from 'zod';
import {
  ApwaError,
  ErrorPayload,
  InternalError,
  PermanentError,
  RefusedError,
  TransientError,
  excerpt,
  pathOf,
  refusedByShape,
} from './errors.js';

describe('errors', () => {
  it.each([TransientError, PermanentError, RefusedError, InternalError])('should arrive as the class that was thrown: %p', (ErrorType) => {
    const thrown = new ErrorType('some_code', 'Something is wrong.', { field: 'a.b', value: { c: 1 }, allowed: 'a number' });
    const wire = ErrorPayload.parse(JSON.parse(JSON.stringify(thrown.toPayload())));
    const arrived = ApwaError.fromPayload(wire);
    expect(arrived).toBeInstanceOf(ErrorType);
    expect(arrived.toPayload()).toEqual({
      code: 'some_code',
      class: thrown.class,
      message: 'Something is wrong.',
      field: 'a.b',
      value: '{"c":1}',
      allowed: 'a number',
    });
  });

  it('should keep the cause out of what crosses a border', () => {
    const error = new InternalError('internal', 'broken', { cause: new Error('secret') });
    expect(JSON.stringify(error.toPayload())).not.toContain('secret');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('should make an internal error of anything that is not one of ours', () => {
    const cause = new Error('boom');
    expect(ApwaError.from(cause)).toMatchObject({ class: 'internal', message: 'boom', cause });
    expect(ApwaError.from('text').message).toBe('text');
    const ours = new RefusedError('x', 'y');
    expect(ApwaError.from(ours)).toBe(ours);
  });

  it('should shorten values', () => {
    expect(excerpt('x'.repeat(300))).toBe(`${'x'.repeat(200)}… (300 characters)`);
    expect(excerpt(undefined)).toBe('undefined');
  });

  it('should name every fault of a document by its path', () => {
    const schema = z.strictObject({ steps: z.array(z.strictObject({ id: z.string() })), model: z.string() });
    const result = schema.safeParse({ steps: [{ id: 1 }], extra: true });
    const refused = refusedByShape(result.error as z.ZodError, 'plan');
    expect(refused.details.faults?.map(({ field }) => field)).toEqual(expect.arrayContaining(['steps[0].id', 'model']));
    expect(refused.details.faults?.some(({ message }) => message.includes('extra'))).toBe(true);
  });

  it('should write paths as people do', () => {
    expect(pathOf(['steps', 1, 'template', 'output'])).toBe('steps[1].template.output');
    expect(pathOf([])).toBe('');
  });
});
