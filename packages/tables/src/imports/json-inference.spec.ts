import fc from 'fast-check';
import { parquetSchemaOf, encodeValue } from '../parquet/parquet-schema.js';
import { parseType } from '../types/column-type.js';
import { parseExactJson } from '../types/exact-json.js';
import { JsonShape } from './json-inference.js';

const typeOf = (...documents: string[]) => {
  const shape = new JsonShape();
  for (const document of documents) shape.add(parseExactJson(document));
  return shape.type();
};

describe('types of JSON', () => {
  it.each([
    [['1', '2'], 'BIGINT'],
    [['1', '2.5'], 'DOUBLE'],
    [['1', '"x"'], 'JSON'],
    [['[]', '[1]'], 'BIGINT[]'],
    [['[1, "x"]'], 'JSON[]'],
    [['null'], 'VARCHAR'],
    [['{}'], 'JSON'],
    [['9007199254740993'], 'BIGINT'],
    [['99999999999999999999'], 'JSON'],
    [['{"a": null}', '{"b": [true]}'], 'STRUCT("a" VARCHAR, "b" BOOLEAN[])'],
    [['[{"a": 1}]', '"x"'], 'JSON'],
  ])('should take %j for %s', (documents, type) => {
    expect(typeOf(...documents)).toBe(type);
  });

  it('should never find a type that a value does not fit', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), (values) => {
        const shape = new JsonShape();
        for (const value of values) shape.add(value);
        const type = shape.type();
        expect(() => parquetSchemaOf([{ name: 'a', type }])).not.toThrow();
        for (const value of values) expect(() => encodeValue(value, parseType(type))).not.toThrow();
      }),
    );
  });
});
