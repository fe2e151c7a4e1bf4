import { type Column, type MapStep } from '@apwa/contracts';
import { seededRandom } from '@apwa/test-kit';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { meanOf } from './estimate.js';
import { type SampledPlace, measuredColumns, strataQuery } from './strata.js';

// Real: DuckDB, which members ask such queries.
let database: DuckDBConnection;
beforeAll(async () => {
  database = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});
afterAll(() => database.closeSync());

/** The sample of a table whose texts have these lengths. */
const sampleOf = async (sizes: readonly number[], count = 20): Promise<SampledPlace[]> => {
  await database.run(
    `CREATE OR REPLACE TABLE whole AS SELECT repeat('x', size) AS text FROM (SELECT unnest([${sizes.join()}]::BIGINT[]) AS size)`,
  );
  const rows = (await database.runAndReadAll(strataQuery(['text'], count))).getRowObjectsJson();
  return rows.map(({ row, weight }) => ({ row: Number(row), weight: Number(weight) }));
};
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

describe('a sample by lengths', () => {
  it('should have as many rows as are wanted, each once, in their order, and the same again', async () => {
    for (const sizes of [
      Array.from({ length: 300 }, (_, row) => row % 7),
      Array.from({ length: 21 }, (_, row) => row ** 3),
      [...Array(50).keys()].map(() => 0),
    ]) {
      const rows = (await sampleOf(sizes)).map(({ row }) => row);
      expect(rows).toHaveLength(20);
      expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      expect((await sampleOf(sizes)).map(({ row }) => row)).toEqual(rows);
    }
  });

  it('should have rows of one length stand for as many each, and be no pattern of their places', async () => {
    const sample = await sampleOf(Array.from({ length: 1_000 }, () => 40));
    for (const { weight } of sample) expect(weight).toBeCloseTo(50);
    expect(new Set(sample.slice(1).map(({ row }, index) => row - (sample[index]?.row ?? 0))).size).toBeGreaterThan(10);
  });

  it('should have for certain what is as long as many others', async () => {
    const sizes = Array.from({ length: 500 }, (_, row) => ([7, 123, 444].includes(row) ? 90_000 : 100));
    const sample = await sampleOf(sizes);
    expect(sample).toHaveLength(20);
    expect(sample.filter(({ weight }) => weight === 1).map(({ row }) => row)).toEqual([7, 123, 444]);
    expect(sum(sample.map(({ weight }) => weight))).toBeCloseTo(500);
  });

  const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  it.each<[string, (random: () => number) => { size: number; value: number }]>([
    ['rows of even sizes', (random) => ({ size: 40, value: 100 + 40 * random() })],
    [
      'long rows among short ones',
      (random) => {
        const size = Math.round(200 * Math.exp(1.5 * normal(random)));
        return { size, value: 80 + size / 4 + 0.2 * size * random() };
      },
    ],
    [
      'a few of another kind',
      (random) => {
        const size = random() < 0.03 ? Math.round(20_000 + 20_000 * random()) : Math.round(100 + 200 * random());
        return { size, value: 60 + size / 4 + 20 * random() };
      },
    ],
    [
      'one in a hundred that is all the cost',
      (random) => {
        const size = random() < 0.01 ? 50_000 : 100;
        return { size, value: 60 + (size / 4) * (0.8 + 0.4 * random()) };
      },
    ],
    [
      'answers that have a longest length',
      (random) => {
        const size = Math.round(200 * Math.exp(1.5 * normal(random)));
        return { size, value: size / 4 + Math.min(100, size / 8) + 10 * random() };
      },
    ],
  ])('should lead to intervals that hold nine times of ten: %s', async (_, rowOf) => {
    const random = seededRandom(11);
    let held = 0;
    const ROUNDS = 60;
    for (let round = 0; round < ROUNDS; round++) {
      const rows = Array.from({ length: 600 }, () => rowOf(random));
      const sample = await sampleOf(rows.map(({ size }) => size));
      const figures = (key: 'size' | 'value') => sample.map(({ row }) => rows[row]?.[key] ?? 0);
      const mean = (key: 'size' | 'value') => sum(rows.map((row) => row[key])) / rows.length;
      const { low, high } = meanOf({
        values: figures('value'),
        weights: sample.map(({ weight }) => weight),
        of: rows.length,
        size: { values: figures('size'), mean: mean('size') },
      });
      if (low <= mean('value') && mean('value') <= high) held++;
    }
    expect(held / ROUNDS).toBeGreaterThanOrEqual(0.86);
  });
});

it('should go by what the model is shown, and by all texts where plans are tried side by side', () => {
  const columns: Column[] = [
    { name: 'id', type: 'BIGINT' },
    { name: 'text', type: 'VARCHAR' },
    { name: 'reply', type: 'VARCHAR' },
    { name: '_error', type: 'VARCHAR' },
  ];
  const step: MapStep = {
    id: 'a',
    kind: 'map',
    input: 'rows',
    template: { mode: 'llm', instructions: 'Judge {{text}} of {{id}}', output: {} },
  };
  expect(measuredColumns(step, columns, { rows: 20, step: null })).toEqual(['id', 'text']);
  expect(measuredColumns(step, columns, { rows: 20, step: 'a' })).toEqual(['text', 'reply']);
});
