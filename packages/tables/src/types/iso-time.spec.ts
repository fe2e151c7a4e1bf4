import fc from 'fast-check';
import { isoDate, isoTimestamp, parseDate, parseTimestamp } from './iso-time.js';

const days = fc.integer({ min: -719_000, max: 2_900_000 });

describe('points in time', () => {
  it('should come back from their text', () => {
    fc.assert(fc.property(days, (day) => expect(parseDate(isoDate(day))).toBe(day)));
    const micros = fc.bigInt({ min: -62_000_000_000_000_000n, max: 250_000_000_000_000_000n });
    fc.assert(fc.property(micros, (at) => expect(parseTimestamp(isoTimestamp(at))).toEqual({ micros: at, zoned: false })));
  });

  it.each(['2023-02-29', '2024-13-01', '2024-1-1', '24-01-01', '2024-01-01 ', 'x'])('should not take %j for a date', (text) => {
    expect(parseDate(text)).toBeNull();
  });

  it.each(['2024-01-01T24:00:00', '2024-01-01', '2024-02-30T00:00:00', '2024-01-01T1:00'])(
    'should not take %j for a point in time',
    (text) => {
      expect(parseTimestamp(text)).toBeNull();
    },
  );

  it('should count from UTC where a zone is named', () => {
    expect(parseTimestamp('1970-01-01T02:00:00+02:00')).toEqual({ micros: 0n, zoned: true });
    expect(parseTimestamp('1969-12-31 19:30:00.5-0430')).toEqual({ micros: 500_000n, zoned: true });
  });

  it('should show what no calendar holds', () => {
    expect([isoTimestamp(9_223_372_036_854_775_807n), isoTimestamp(-9_223_372_036_854_775_807n)]).toEqual(['infinity', '-infinity']);
  });
});
