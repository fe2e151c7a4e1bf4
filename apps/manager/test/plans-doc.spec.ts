import { readFile } from 'node:fs/promises';
import { openStorage, TableJobs } from '@apwa/tables';
import { tempDir, type TempDir } from '@apwa/test-kit';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { validatePlan } from '../src/plans/validate.js';

const limits = {
  sql: { memoryMb: 300, timeoutMs: 30_000, rows: 1_000 },
  import: { memoryMb: 300, timeoutMs: 30_000, maxRowBytes: 1_000_000 },
};

/** Real: DuckDB, which binds the queries. */
describe('docs/plans.md', () => {
  let dir: TempDir;
  beforeAll(async () => {
    dir = await tempDir();
  });
  afterAll(() => dir.remove());

  it('should show plans that are valid', async () => {
    const text = await readFile(new URL('../../../docs/plans.md', import.meta.url), 'utf8');
    const plans = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => parse(yaml as string) as unknown);
    expect(plans.length).toBeGreaterThanOrEqual(3);
    const storage = await openStorage({ url: pathToFileURL(dir.path).href });
    const jobs = new TableJobs({ storage, limits });
    for (const plan of plans) {
      const columns = [
        { name: 'id', type: 'BIGINT' },
        { name: 'text', type: 'VARCHAR' },
      ];
      const result = await validatePlan(plan, {
        inputs: [{ name: 'messages', columns }],
        models: ['default'],
        room: () => ({ contextTokens: 32_000, outputTokens: 4_000 }),
        registry: { find: async () => null, offered: async () => [] },
        register: () => Promise.reject(new Error('no plan here has a function')),
        requested: [],
        checkSql: async (tables, query) => (await jobs.checkSql({ tables, query })).columns,
      });
      expect(result).toMatchObject({ valid: true });
    }
    storage.close();
  });
});
