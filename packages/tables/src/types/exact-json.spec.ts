import fc from 'fast-check';
import { formatExactJson, parseExactJson } from './exact-json.js';

describe('exact JSON', () => {
  it('should keep integers of any size', () => {
    fc.assert(fc.property(fc.bigInt(), (value) => expect(formatExactJson(parseExactJson(`{"a":[${value}]}`))).toBe(`{"a":[${value}]}`)));
  });

  it('should be the same as JSON for all that JSON holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => expect(formatExactJson(parseExactJson(JSON.stringify(value)))).toBe(JSON.stringify(value))),
    );
  });

  it('should leave fractions and exponents to doubles', () => {
    expect(parseExactJson('[1.00000000000000001, 1e20, 12345678901234567890]')).toEqual([1, 1e20, 12345678901234567890n]);
  });
});
