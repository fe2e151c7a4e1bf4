import { printTable, resultsTable } from './print.js';
import { atLeast, atMost, figure } from './outcome.js';

describe('a printed table', () => {
  it('should align names to the left and numbers to the right, with as many digits as tell something', () => {
    const text = printTable({
      title: 'Title',
      columns: ['who', 'rows/s', 'share'],
      rows: [
        ['loop', 1234.5, 0.5],
        ['something long', 7, null],
        ['little', 12.34, 0.00123],
      ],
      notes: ['a note'],
    });
    expect(text.split('\n')).toEqual([
      'Title',
      'who             rows/s   share',
      '──────────────  ──────  ──────',
      'loop             1,235    0.50',
      'something long       7       –',
      'little            12.3  0.0012',
      '  a note',
    ]);
  });

  it('should say of each goal whether it is met', () => {
    const results = [atLeast('rate', 0.95, '×', 1), atMost('memory', 299.96, 'MB', 300), figure('rows', 10, 'rows')];
    expect(resultsTable(results).rows).toEqual([
      ['rate', 0.95, '×', '≥ 1', 'NO'],
      ['memory', 300, 'MB', '≤ 300', 'yes'],
      ['rows', 10, 'rows', '', ''],
    ]);
  });
});
