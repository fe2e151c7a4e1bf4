import { type JsonObject } from '@apwa/contracts';
import { columnsOfRows, queryOfRows } from '../src/index.js';
import { Fixture } from './support/fixture.js';

const rows: JsonObject[] = [
  { topic: `O'Hara "and" \\ others\n`, n: 1, share: 0.5, open: true, tags: ['a', 'b'], of: { name: 'x', since: 1999 }, mixed: 1 },
  { topic: '{{no placeholder}}', n: null, share: 2, open: false, tags: [], of: null, mixed: 'one', later: 'z' },
  { topic: '' },
];

/** Real: DuckDB, in the process that runs every query. */
describe('rows that stand in a plan', () => {
  it('should become a table with all of their values, in their order', async () => {
    await using fixture = await Fixture.create();
    const columns = columnsOfRows(rows);
    expect(columns).toEqual([
      { name: 'topic', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
      { name: 'share', type: 'DOUBLE' },
      { name: 'open', type: 'BOOLEAN' },
      { name: 'tags', type: 'VARCHAR[]' },
      { name: 'of', type: 'STRUCT("name" VARCHAR, "since" BIGINT)' },
      { name: 'mixed', type: 'JSON' },
      { name: 'later', type: 'VARCHAR' },
    ]);
    const result = await fixture.sql(queryOfRows(rows), {});
    expect(result.columns).toEqual(columns);
    const [first, second, third, ...others] = await fixture.rows(await fixture.table(result));
    expect(others).toEqual([]);
    expect(first).toMatchObject({ ...rows[0], later: null });
    expect(second).toMatchObject(rows[1] as object);
    expect(third).toMatchObject({ topic: '', n: null, tags: null, of: null });
  });
});
