import fc from 'fast-check';
import { fitMetadata, METADATA_BYTES } from './fit-metadata.js';

describe('fitMetadata', () => {
  it('should fit whatever the columns are', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 400 });
    const column = fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
      type: fc.constantFrom('VARCHAR', 'BIGINT', `STRUCT(${'"field" VARCHAR, '.repeat(60)}"last" BIGINT)[]`),
      nullShare: fc.constant(0.5),
      min: text,
      max: text,
      distinct: fc.nat(),
      top: fc.array(fc.record({ value: text, share: fc.constant(0.1) }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(column, { maxLength: 120 }), fc.nat({ max: 400 }), text, (statistics, more, value) => {
        const columns = [...statistics, ...Array.from({ length: more }, (_, at) => ({ name: `more_${at}`, type: 'VARCHAR' }))];
        const sample = Array.from({ length: 5 }, () => Object.fromEntries(statistics.map(({ name }) => [name, value])));
        const metadata = fitMetadata({ rows: 10, bytes: 10, columns, statistics, sample });
        expect(Buffer.byteLength(JSON.stringify(metadata))).toBeLessThanOrEqual(METADATA_BYTES);
        if (metadata.columns.length < columns.length) expect(metadata.leftOut.length).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  it('should leave nothing out of what is small', () => {
    const statistics = [{ name: 'a', type: 'VARCHAR', nullShare: 0, min: 'x', max: 'y', distinct: 2, top: [{ value: 'x', share: 0.5 }] }];
    expect(fitMetadata({ rows: 2, bytes: 9, columns: statistics, statistics, sample: [{ a: 'x' }] })).toEqual({
      rows: 2,
      bytes: 9,
      columns: statistics,
      sample: [{ a: 'x' }],
      leftOut: [],
    });
  });
});
