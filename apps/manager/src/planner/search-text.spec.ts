import { type RowValues } from '@apwa/contracts';
import { search, searchText } from './search-text.js';

const columns = [
  { name: 'title', type: 'VARCHAR' },
  { name: 'it\'s "odd"', type: 'VARCHAR' },
  { name: 'n', type: 'BIGINT' },
  { name: '_error', type: 'VARCHAR' },
];
const searched = { name: 'books', columns };

const asked = async (wanted: object, counts: RowValues[] = []) => {
  const queries: string[] = [];
  const found = await search(searchText.arguments.parse({ table: 'books', text: 'x', ...wanted }), searched, (query) => {
    queries.push(query);
    return Promise.resolve({ rows: queries.length === 1 ? counts : [{ row: 3, column: 'title', start: 0, excerpt: 'x' }], cut: false });
  });
  return { found, queries };
};

/** What the queries find on real data is tried in the integration tests. */
describe('search_text', () => {
  it('should search all texts of a table, but not those of the machinery', async () => {
    const { queries } = await asked({});
    expect(queries).toHaveLength(1);
    expect(queries[0]).toContain('"it\'s ""odd"""');
    expect(queries[0]).not.toContain('_error');
  });

  it('should ask for no excerpts where nothing was found', async () => {
    expect((await asked({}, [{ column: 'title', rows: 0, places: 0 }])).found).toEqual({ columns: [], places: 0, excerpts: [] });
  });

  it('should say how many places it does not show', async () => {
    const { found, queries } = await asked({ hits: 1 }, [{ column: 'title', rows: 2, places: 5 }]);
    expect(found).toMatchObject({ places: 5, more: '4 places are not shown' });
    expect(queries[1]).toContain('LIMIT 1');
  });

  it('should look for words as they stand', async () => {
    const [query] = (await asked({ text: "a.b* (it's)", ignoreCase: false })).queries;
    expect(query).toContain("(?m:a\\.b\\* \\(it''s\\))");
    expect((await asked({ text: '^a.b', regex: true })).queries[0]).toContain("'(?im:^a.b)'");
  });

  it.each([
    [{ column: 'titel' }, 'table books has no column titel; columns with texts: title, it\'s "odd", _error (did you mean title?)'],
    [{ column: 'n' }, 'column n of table books is of type BIGINT and holds no texts'],
  ])('should refuse %j', async (wanted, message) => {
    await expect(asked(wanted)).rejects.toMatchObject({ code: 'unknown_column', message: expect.stringContaining(message) as string });
  });

  it('should refuse a table without texts', async () => {
    const wanted = searchText.arguments.parse({ table: 'sums', text: 'x' });
    const none = search(wanted, { name: 'sums', columns: [{ name: 'n', type: 'BIGINT' }] }, () => Promise.reject(new Error('asked')));
    await expect(none).rejects.toMatchObject({ code: 'no_texts', details: { field: 'table', value: 'sums' } });
  });
});
