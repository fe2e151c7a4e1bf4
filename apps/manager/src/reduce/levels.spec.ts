import { MOST_LEVELS, PermanentError } from '@apwa/contracts';
import { type MadeLevel, nextLevel } from './levels.js';

const made = (...tables: [MadeLevel['kind'], number][]): MadeLevel[] =>
  tables.map(([kind, rows], index) => ({ level: Math.floor(index / 2) + 1, kind, rows }));

describe('the levels of a reduce', () => {
  it.each([
    ['nothing is there', made(), { make: 'bundles', level: 1 }],
    ['bundles are there', made(['bundles', 7]), { make: 'answers', level: 1 }],
    ['answers are there', made(['bundles', 7], ['answers', 7]), { make: 'bundles', level: 2 }],
    ['the next level has fewer', made(['bundles', 7], ['answers', 7], ['bundles', 2]), { make: 'answers', level: 2 }],
    ['one answer is left', made(['bundles', 7], ['answers', 7], ['bundles', 1], ['answers', 1]), { make: 'result', levels: 2 }],
    ['every group has one answer', made(['bundles', 7], ['answers', 7], ['bundles', 0]), { make: 'result', levels: 1 }],
    ['there are no rows', made(['bundles', 0]), { make: 'result', levels: 0 }],
  ])('should go on where %s', (_, tables, next) => expect(nextLevel(tables)).toEqual(next));

  it.each([
    ['has as many bundles as the one below has answers', made(['bundles', 7], ['answers', 7], ['bundles', 7])],
    ['is one too many', [{ level: MOST_LEVELS + 1, kind: 'bundles' as const, rows: 3 }]],
  ])('should end at a level that %s', (_, tables) => expect(() => nextLevel(tables)).toThrow(PermanentError));

  it('should come to an end from any number of rows that halves', () => {
    const tables: MadeLevel[] = [];
    for (let [rows, next] = [1_000_000, nextLevel(tables)]; ; next = nextLevel(tables)) {
      if (next.make === 'result') return expect(next.levels).toBe(MOST_LEVELS);
      if (next.make === 'bundles') rows = Math.ceil(rows / 2);
      tables.push({ level: next.level, kind: next.make, rows });
    }
  });
});
