import { type JsonObject } from '@apwa/contracts';
import { compileSchema } from '@apwa/json-schema';
import { htmlTables } from './html-tables.js';
import { tableRead } from './table-read.js';

const read = (given: JsonObject) => {
  const { input, output } = tableRead.capability;
  expect(compileSchema(input).validate(given)).toEqual([]);
  const result = tableRead.call(given);
  expect(compileSchema(output).validate(result)).toEqual([]);
  return result;
};

const MARKDOWN = `Prices of today:

| name | price |
|---|---:|
| egg \\| large | 0.27 |
| bread |

> | a |
> |---|
> | 1 |

- | b |
  |---|
  | 2 |`;

describe('table_read', () => {
  it('should read CSV with quotes, line ends in values, another delimiter, and rows of several lengths', () => {
    expect(read({ text: '\uFEFFid;said\r\n1;"a;""b""\nc"\r\n2\r\n\r\n3;x;more', format: 'csv', delimiter: ';' })).toEqual({
      tables: 1,
      columns: ['id', 'said', 'column_3'],
      count: 3,
      rows: [
        { id: '1', said: 'a;"b"\nc', column_3: null },
        { id: '2', said: null, column_3: null },
        { id: '3', said: 'x', column_3: 'more' },
      ],
    });
  });

  it('should name columns itself where no row does, or where names are missing or the same', () => {
    expect(read({ text: '1,2', format: 'csv', header: false })).toMatchObject({ columns: ['column_1', 'column_2'], count: 1 });
    expect(read({ text: 'a,,A\n1,2,3', format: 'csv' })).toMatchObject({
      columns: ['a', 'column_2', 'A_2'],
      rows: [{ a: '1', column_2: '2', A_2: '3' }],
    });
  });

  it('should find the tables of Markdown, those in quotes and lists too', () => {
    expect(read({ text: MARKDOWN, format: 'markdown' })).toEqual({
      tables: 3,
      columns: ['name', 'price'],
      count: 2,
      rows: [
        { name: 'egg | large', price: '0.27' },
        { name: 'bread', price: '' },
      ],
    });
    expect([1, 2].map((table) => read({ text: MARKDOWN, format: 'markdown', table }).rows)).toEqual([[{ a: '1' }], [{ b: '2' }]]);
  });

  it('should read tables of HTML, with cells that span places, and tables within cells by themselves', () => {
    const text = `<p>x</p><table><thead><tr><th colspan=2>name</th><th>n</th></tr></thead>
      <tr><td rowspan="2">a</td><td>b &amp;<br> c</td><td>1</td></tr><tr><td>d</td><td><table><tr><td>in</td></tr></table></td></tr></table>`;
    expect(read({ text, format: 'html' })).toEqual({
      tables: 2,
      columns: ['name', 'name_2', 'n'],
      count: 2,
      rows: [
        { name: 'a', name_2: 'b & c', n: '1' },
        { name: 'a', name_2: 'd', n: 'in' },
      ],
    });
    expect(read({ text, format: 'html', table: 1, header: false })).toMatchObject({ rows: [{ column_1: 'in' }] });
  });

  it('should bound what a page says of its spans', () => {
    const [rows] = htmlTables('<table><tr><td colspan="1000000000" rowspan="1000000000">x</td></tr><tr></tr></table>');
    expect(rows?.map((row) => row.length)).toEqual([100, 100]);
  });

  it('should give the first rows of many, and nothing of none', () => {
    const many = read({ text: `n\n${Array.from({ length: 1_500 }, (_, n) => n).join('\n')}`, format: 'csv' });
    expect([many.count, (many.rows as unknown[]).length]).toEqual([1_500, 1_000]);
    for (const format of ['csv', 'markdown', 'html'])
      expect(read({ text: '', format })).toEqual({ tables: 0, columns: [], count: 0, rows: [] });
  });

  it.each<[string, JsonObject, RegExp]>([
    ['a table that is not there', { text: 'a\n1', format: 'csv', table: 1 }, /table is 1, and the text has 1: 0 to 0/],
    ['quotes that never end', { text: 'a\n"b', format: 'csv' }, /no CSV: .*[Qq]uote/],
    ['markup that is too deep', { text: '<div>'.repeat(2_000), format: 'html' }, /more than 1000 deep/],
    ['too many columns', { text: ','.repeat(600), format: 'csv' }, /601 columns: 500/],
  ])('should refuse %s', (_, given, message) => {
    expect(() => read(given)).toThrow(message);
  });
});
