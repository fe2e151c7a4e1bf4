import { type ShownTable } from '../../../../test/support/manager.js';
import { outline, planned, propertiesOf, queryOf, templateOf } from '../../../../test/support/planned.js';

const length = (p50: number) => ({ p50, p95: p50 * 2, max: p50 * 3 });
const west: ShownTable = {
  name: 'west',
  rows: 40,
  columns: [
    { name: 'code', type: 'VARCHAR', distinct: 40, length: length(4) },
    { name: 'product', type: 'VARCHAR', distinct: 40, length: length(14) },
    { name: 'cost', type: 'DOUBLE', distinct: 38 },
    { name: 'vendor', type: 'VARCHAR', distinct: 3, length: length(8) },
  ],
};
const east: ShownTable = {
  name: 'east',
  rows: 9,
  columns: [
    { name: 'name', type: 'VARCHAR', distinct: 9, length: length(14) },
    { name: 'price', type: 'VARCHAR', distinct: 9, length: length(5) },
    { name: 'currency', type: 'VARCHAR', distinct: 1, length: length(3) },
  ],
};
const sheets: ShownTable = {
  name: 'sheets',
  rows: 12,
  columns: [
    { name: 'path', type: 'VARCHAR', distinct: 12, length: length(12) },
    { name: 'name', type: 'VARCHAR', distinct: 9, nullShare: 0.25, length: length(14) },
    { name: 'text', type: 'VARCHAR', distinct: 12, length: length(900) },
    { name: '_status', type: 'VARCHAR', distinct: 1 },
  ],
};

describe('tables in one form', () => {
  it.each([
    'Bring both price lists into one table with the columns name, price, currency and supplier, ordered by price.',
    'Convert the lists to a common schema with columns: name, price, currency, supplier; sort it by price',
    'Harmonise west and east in one table with the fields name, price, currency and supplier by price.',
  ])('should need no model where columns hold all of it, under whatever name: %s', async (goal) => {
    const plan = await planned(goal, [west, east]);
    expect(outline(plan)).toEqual(['together: sql west, east']);
    expect(queryOf(plan, 'together')).toBe(
      'SELECT product AS name, cost AS price, CAST(NULL AS VARCHAR) AS currency, vendor AS supplier FROM west UNION ALL ' +
        'SELECT name, TRY_CAST(price AS DOUBLE) AS price, currency, CAST(NULL AS VARCHAR) AS supplier FROM east ORDER BY price, name',
    );
    expect(plan.steps[0]?.description).toContain('Left out, because no rule fits: currency of west, supplier of east');
  });

  it('should have read from texts what no column holds, or not of all', async () => {
    const goal =
      'Put everything into a single schema with the columns name, price (a number), colours (a list), whether it is sold out, and source. Show those with something missing.';
    const plan = await planned(goal, [west, sheets]);
    expect(outline(plan)).toEqual(['read_sheets: map sheets', 'together: sql west, read_sheets', 'incomplete: sql together']);
    expect(propertiesOf(plan, 'read_sheets')).toMatchObject({
      name_2: { type: ['string', 'null'] },
      price: { type: ['number', 'null'] },
      colours: { type: 'array' },
      sold_out: { type: ['boolean', 'null'] },
    });
    expect(templateOf(plan, 'read_sheets').instructions).toContain('{{text}}');
    expect(queryOf(plan, 'together')).toContain(
      "coalesce(name, name_2) AS name, price, colours, sold_out, path AS source FROM read_sheets WHERE _status = 'ok'",
    );
    expect(queryOf(plan, 'incomplete')).not.toContain('source IS NULL');
  });
});
