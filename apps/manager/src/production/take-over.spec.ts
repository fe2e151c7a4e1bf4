import { type TablePart, noCounts } from '@apwa/contracts';
import { type TakeOver, type TakeOverFacts, asKept, countsOfParts, partsBeside, takeOver } from './take-over.js';

const part = (firstRow: number, rows: number, failed?: number): TablePart => ({
  key: `parts/stg_1/${firstRow}`,
  bytes: 1,
  sha256: 'a'.repeat(64),
  rows,
  firstRow,
  ...(failed === undefined ? {} : { failed }),
});
const version = (parts: TablePart[], complete = true): NonNullable<TakeOverFacts['before']> => ({
  manifest: { tableId: 'tbl_1', version: 1, columns: [], rows: 30, ownColumns: [], parts },
  complete,
});
const whole = version([part(0, 10, 0), part(10, 10, 0), part(20, 10, 0)]);
const holed = version([part(20, 10, 2), part(0, 10, 0), part(10, 10, 1)]);

describe('what is taken over from the version before', () => {
  it.each<[string, Partial<TakeOverFacts>, TakeOver]>([
    ['nothing where there is none', { before: null }, { take: 'nothing' }],
    ['nothing of a map that reads other rows', { inputs: ['other'] }, { take: 'nothing' }],
    ['all of a map without failures', { before: whole }, { take: 'all', unchanged: true }],
    ['all of a map whose input alone has another version', { before: whole, inputs: ['next_version'] }, { take: 'all', unchanged: false }],
    ['all of a map whose failures are not wanted again', { again: false }, { take: 'all', unchanged: true }],
    ['all but parts with failures, those that touch as one', {}, { take: 'rest', redo: [{ first: 10, last: 29 }] }],
    [
      'the same where the input was done again',
      { again: false, inputs: ['next_version'] },
      { take: 'rest', redo: [{ first: 10, last: 29 }] },
    ],
    [
      'all but parts of which it is not known whether rows failed',
      { before: version([part(0, 10), part(10, 20, 0)]) },
      { take: 'rest', redo: [{ first: 0, last: 9 }] },
    ],
    [
      'all but rows that are missing anywhere',
      { again: false, before: version([part(5, 5, 3), part(12, 8, 0)], false) },
      {
        take: 'rest',
        redo: [
          { first: 0, last: 4 },
          { first: 10, last: 11 },
          { first: 20, last: 29 },
        ],
      },
    ],
    ['nothing but an empty version', { before: version([], false) }, { take: 'rest', redo: [{ first: 0, last: 29 }] }],
    ['all of a query over the same', { kind: 'sql', before: whole }, { take: 'all', unchanged: true }],
    ['nothing of a query over another version', { kind: 'sql', inputs: ['same', 'next_version'] }, { take: 'nothing' }],
    ['nothing of a query that was not finished', { kind: 'sql', before: version([part(0, 3)], false) }, { take: 'nothing' }],
  ])('should be %s', (_, facts, expected) => {
    expect(takeOver({ kind: 'map', inputs: ['same'], rows: 30, again: true, before: holed, ...facts })).toEqual(expected);
  });

  it('should leave the parts beside what is done again', () => {
    const { parts } = holed.manifest;
    expect(partsBeside(parts, [{ first: 10, last: 19 }]).map(({ firstRow }) => firstRow)).toEqual([0, 20]);
    expect(partsBeside(parts, [{ first: 30, last: 39 }]).map(({ firstRow }) => firstRow)).toEqual([0, 10, 20]);
    expect(partsBeside(parts, [{ first: 0, last: 29 }])).toEqual([]);
  });

  it('should count as rows that cost nothing', () => {
    expect(countsOfParts([part(0, 10, 0), part(20, 10, 2)])).toEqual({ ...noCounts(), ok: 18, failed: 2, reused: 18 });
    const counts = {
      ...noCounts(),
      ok: 3,
      failed: 1,
      errors: { refused: 1 },
      examples: { refused: 'no' },
      calls: 9,
      costUsd: 1,
      reused: 1,
    };
    expect(asKept(counts)).toEqual({ ...noCounts(), ok: 3, failed: 1, errors: { refused: 1 }, examples: { refused: 'no' }, reused: 3 });
  });
});
