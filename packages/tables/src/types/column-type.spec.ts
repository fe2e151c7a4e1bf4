import fc from 'fast-check';
import { formatType, parseType, type TypeTree } from './column-type.js';
import { storedType } from './stored-type.js';

const tree = fc.letrec<{ type: TypeTree }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc
      .constantFrom('VARCHAR', 'BIGINT', 'DECIMAL(18,3)', 'TIMESTAMP WITH TIME ZONE', 'JSON')
      .map((name): TypeTree => ({ kind: 'scalar', name })),
    tie('type').map((element): TypeTree => ({ kind: 'list', element })),
    fc.tuple(tie('type'), tie('type')).map(([key, value]): TypeTree => ({ kind: 'map', key, value })),
    fc
      .array(fc.record({ name: fc.string({ minLength: 1 }), type: tie('type') }), { minLength: 1, maxLength: 4 })
      .map((fields): TypeTree => ({ kind: 'struct', fields })),
  ),
})).type;

describe('column types', () => {
  it('should read back every type that is written', () => {
    fc.assert(fc.property(tree, (type) => expect(parseType(formatType(type))).toEqual(type)));
  });

  it.each([
    ['int', 'INTEGER'],
    ['struct(a int, "b c" text[])[]', 'STRUCT("a" INTEGER, "b c" VARCHAR[])[]'],
    ['DECIMAL(2, 1)[3][]', 'DECIMAL(2,1)[3][]'],
    ['MAP(VARCHAR, INTEGER)', 'MAP(VARCHAR, INTEGER)'],
    [`ENUM('a', 'b''c')`, `ENUM('a', 'b''c')`],
    ['timestamp with time zone', 'TIMESTAMP WITH TIME ZONE'],
  ])('should read %s', (text, type) => {
    expect(formatType(parseType(text))).toBe(type);
  });

  it.each(['', 'STRUCT(', 'INTEGER)', 'STRUCT(a)', 'BIGINT; DROP TABLE x', 'VARCHAR[', 'MAP(VARCHAR)'])('should refuse %j', (text) => {
    expect(() => parseType(text)).toThrow(expect.objectContaining({ code: 'invalid_type' }) as Error);
  });

  it.each([
    ['HUGEINT', 'BIGINT'],
    ['STRUCT(a HUGEINT, b UUID[2])', 'STRUCT("a" BIGINT, "b" VARCHAR[])'],
    [`MAP(ENUM('x'), INTERVAL)`, 'MAP(VARCHAR, VARCHAR)'],
    ['UNION(a INTEGER, b VARCHAR)', 'JSON'],
    ['DECIMAL(18,3)', 'DECIMAL(18,3)'],
  ])('should store %s as %s', (type, stored) => {
    expect(formatType(storedType(parseType(type)))).toBe(stored);
  });
});
