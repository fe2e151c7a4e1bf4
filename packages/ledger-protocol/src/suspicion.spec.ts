import { type ChildRange } from './ledger-types.js';
import { ALONE_ROWS, divide } from './suspicion.js';

const range = { first: 10, last: 19 };
const rows = (first: number, last: number, suspicion: ChildRange['suspicion'] = 'none'): ChildRange => ({ first, last, suspicion });

describe('divide', () => {
  it.each<[string, number[] | null, ChildRange[]]>([
    ['one row between answered ones', [13], [rows(10, 12), rows(13, 13, 'suspect'), rows(14, 19)]],
    ['the first row', [10], [rows(10, 10, 'suspect'), rows(11, 19)]],
    ['the last row', [19], [rows(10, 18), rows(19, 19, 'suspect')]],
    [
      'rows side by side and apart',
      [10, 11, 19],
      [rows(10, 10, 'suspect'), rows(11, 11, 'suspect'), rows(12, 18), rows(19, 19, 'suspect')],
    ],
    ['nothing: the part was at fault', [], [rows(10, 14, 'suspect'), rows(15, 19, 'suspect')]],
    ['what nobody can say', null, [rows(10, 14, 'suspect'), rows(15, 19, 'suspect')]],
  ])('should put under suspicion %s', (_, missing, children) => expect(divide(range, missing)).toEqual(children));

  it('should suspect no more rows than were in flight', () => {
    const missing = Array.from({ length: 900 }, (_, n) => 100 + n);
    const children = divide({ first: 0, last: 999 }, missing);
    expect(children.filter(({ suspicion }) => suspicion === 'suspect')).toHaveLength(ALONE_ROWS);
    expect(children.at(-1)).toEqual(rows(100 + ALONE_ROWS, 999));
  });

  it('should cover a shard of two rows or more, whatever is missing, by two shards or more', () => {
    for (let size = 2; size <= 7; size++)
      for (let bits = 0; bits < 1 << size; bits++) {
        const all = Array.from({ length: size }, (_, n) => n);
        const children = divide(
          { first: 0, last: size - 1 },
          all.filter((row) => bits & (1 << row)),
        );
        expect(children.length).toBeGreaterThanOrEqual(2);
        expect(children.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n))).toEqual(all);
      }
  });
});
