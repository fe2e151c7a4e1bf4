import fc from 'fast-check';
import { encodeValue } from '../parquet/parquet-schema.js';
import { parseType } from '../types/column-type.js';
import { TextCell, TextInference } from './text-inference.js';

const typeOf = (...values: unknown[]) => {
  const inference = new TextInference();
  for (const value of values) inference.add(value);
  return inference.type();
};

describe('types of texts', () => {
  it.each([
    [['1', '-2', '', null], 'BIGINT'],
    [['1', '2.5'], 'DOUBLE'],
    [['01'], 'VARCHAR'],
    [['1e5'], 'VARCHAR'],
    [['1.5e5', '0.5'], 'DOUBLE'],
    [['1234567890123456789'], 'VARCHAR'],
    [['0.12345678901234567890'], 'VARCHAR'],
    [['true', 'FALSE'], 'BOOLEAN'],
    [['true', '1'], 'VARCHAR'],
    [['2024-01-01', '2024-13-01'], 'VARCHAR'],
    [['2024-01-01', '2024-01-01T00:00'], 'VARCHAR'],
    [['-0'], 'VARCHAR'],
    [['NaN'], 'VARCHAR'],
    [[' 1'], 'VARCHAR'],
    [['', null], 'VARCHAR'],
    [[new TextCell('1'), '2'], 'VARCHAR'],
  ])('should take %j for %s', (values, type) => {
    expect(typeOf(...values)).toBe(type);
  });

  it('should never find a type that a value does not fit', () => {
    const text = fc.oneof(
      fc.constantFrom('', '0', '007', 'true', '2024-02-29', '2023-02-29', '1.5', '99999999999999999999'),
      fc.bigInt().map(String),
      fc.double().map(String),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(text), (values) => {
        const inference = new TextInference();
        for (const value of values) inference.add(value);
        const type = inference.type();
        for (const value of values) expect(() => encodeValue(inference.convert(value, type), parseType(type))).not.toThrow();
      }),
    );
  });
});
