import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, type Column, type TableReference } from '@apwa/contracts';
import { Fixture, refusalOf } from './support/fixture.js';

const people = 'id,name,age\n1,Ada,36\n2,Grace,\n3,"Alan, M.",41\n';
const entities: Column[] = [{ name: 'entities', type: 'STRUCT("type" VARCHAR, "value" VARCHAR)[]' }];

describe('queries over tables', () => {
  let fixture: Fixture;
  let table: TableReference;
  let found: TableReference;
  beforeAll(async () => {
    fixture = await Fixture.create();
    table = await fixture.importTable({ 'people.csv': people });
    found = await fixture.map(table, entities, (row) => (row === 1 ? null : { entities: [{ type: 'PERSON', value: `name ${row}` }] }));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('should make a table of a query, with the types that its columns have', async () => {
    const result = await fixture.sql('SELECT count(*) AS n, sum(age) AS years, max(name) AS last, avg(age) AS mean FROM people', {
      people: table,
    });
    expect(result.columns).toEqual([
      { name: 'n', type: 'BIGINT' },
      { name: 'years', type: 'BIGINT' },
      { name: 'last', type: 'VARCHAR' },
      { name: 'mean', type: 'DOUBLE' },
    ]);
    expect(await fixture.rows(await fixture.table(result))).toEqual([{ n: 3, years: 77, last: 'Grace', mean: 38.5 }]);
  });

  it('should join a map’s parts with their base, and show how each row ended', async () => {
    const rows = await fixture.sqlRows(
      'SELECT _row AS nr, name, _status AS status, _error_code AS code, entities FROM found ORDER BY _row',
      { found },
    );
    expect(rows).toEqual([
      { nr: 0, name: 'Ada', status: 'ok', code: null, entities: [{ type: 'PERSON', value: 'name 0' }] },
      { nr: 1, name: 'Grace', status: 'failed', code: 'refused', entities: null },
      { nr: 2, name: 'Alan, M.', status: 'ok', code: null, entities: [{ type: 'PERSON', value: 'name 2' }] },
    ]);
  });

  it('should leave bookkeeping columns out of a table that is made by a star', async () => {
    const result = await fixture.sql('SELECT * FROM found ORDER BY id', { found });
    expect(result.columns.map(({ name }) => name)).toEqual(['id', 'name', 'age', 'entities']);
  });

  it('should answer the design’s own query over nested values', async () => {
    const query = 'SELECT e.type, count(*) AS n FROM (SELECT unnest(entities) AS e FROM detect) GROUP BY 1;';
    expect(await fixture.sqlRows(query, { detect: found })).toEqual([{ type: 'PERSON', n: 2 }]);
  });

  it('should read tables of thousands of parts, in the order of their rows', async () => {
    const lines = Array.from({ length: 6_000 }, (_, row) => `{"n":${row}}`).join('\n');
    const base = await fixture.importTable({ 'n.jsonl': lines });
    const mapped = await fixture.map(base, [{ name: 'twice', type: 'BIGINT' }], (row) => ({ twice: row * 2 }), { shardRows: 2 });
    expect(await fixture.sqlRows('SELECT count(*) AS n, sum(twice - 2 * m.n) AS off, max(_row) AS last FROM m', { m: mapped })).toEqual([
      { n: 6_000, off: 0, last: 5_999 },
    ]);
    const written = (await fixture.export(mapped)).trim().split('\n');
    expect(written.length).toBe(6_000);
    expect(written.every((line, row) => line === `{"n":${row},"twice":${row * 2}}`)).toBe(true);
  }, 60_000);

  it('should keep rows of several parts without a base in order', async () => {
    const [a, b] = await Promise.all(['a,b\n1,x\n2,y\n', 'a,b\n3,z\n'].map((content) => fixture.import({ 'x.csv': content })));
    if (!a || !b) throw new Error('nothing imported');
    const both = await fixture.tableOf({
      rows: 3,
      columns: a.columns,
      ownColumns: a.columns,
      parts: [
        { ...b.part, firstRow: 2 },
        { ...a.part, firstRow: 0 },
      ],
    });
    const mapped = await fixture.map(both, [{ name: 'row', type: 'BIGINT' }], (row) => ({ row }));
    expect(await fixture.sqlRows('SELECT a, b, "row" AS r FROM m ORDER BY a', { m: mapped })).toEqual([
      { a: 1, b: 'x', r: 0 },
      { a: 2, b: 'y', r: 1 },
      { a: 3, b: 'z', r: 2 },
    ]);
  });

  it('should query a map over a map, and one that shows only its newest bookkeeping', async () => {
    const second = await fixture.map(found, [{ name: 'length', type: 'INTEGER' }], (row) => ({ length: row }));
    expect(
      await fixture.sqlRows('SELECT name, entities IS NULL AS none, length, _status AS s FROM m ORDER BY _row', { m: second }),
    ).toEqual([
      { name: 'Ada', none: false, length: 0, s: 'ok' },
      { name: 'Grace', none: true, length: 1, s: 'ok' },
      { name: 'Alan, M.', none: false, length: 2, s: 'ok' },
    ]);
  });

  it('should query tables without rows', async () => {
    const empty = await fixture.importTable({ 'x.csv': 'a,b\n' });
    expect(await fixture.sqlRows('SELECT count(*) AS n FROM e', { e: empty })).toEqual([{ n: 0 }]);
    const mapped = await fixture.map(empty, entities, () => null);
    expect(await fixture.sqlRows("SELECT a, entities FROM e WHERE _status = 'ok'", { e: mapped })).toEqual([]);
    expect(await fixture.export(mapped, { format: 'csv' })).toBe('a,b,entities\n');
  });

  it('should keep the order that a query asks for', async () => {
    const result = await fixture.sql('SELECT i, (i * 7919) % 10007 AS k FROM range(20000) t(i) ORDER BY k, i', { people: table });
    const rows = await fixture.rows(await fixture.table(result));
    const keys = rows.map(({ k }) => Number(k));
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
  });

  it('should give values of every type as JSON', async () => {
    const query = `SELECT 9007199254740993::BIGINT AS big, 12.50::DECIMAL(9,2) AS price, DATE '2024-02-29' AS day,
      TIMESTAMP '2024-02-29 12:30:00.25' AS at, TIMESTAMPTZ '2024-02-29 12:30:00+02' AS instant, {'a': 1, 'b': [NULL, 'x']} AS nested,
      MAP {'k': 1.5} AS pairs, '{"z": [1, {}]}'::JSON AS json, 'nan'::DOUBLE AS nan, '\\xAA'::BLOB AS bytes, NULL AS nothing, true AS yes,
      INTERVAL 1 DAY AS span, [1, 2]::INTEGER[2] AS fixed, uuid_value::UUID AS id, 'ä€😀' AS text
      FROM (SELECT '6b3f1d1e-0000-4000-8000-000000000001' AS uuid_value)`;
    const expected = {
      big: '9007199254740993',
      price: 12.5,
      day: '2024-02-29',
      at: '2024-02-29T12:30:00.25',
      instant: '2024-02-29T10:30:00Z',
      nested: { a: 1, b: [null, 'x'] },
      pairs: { k: 1.5 },
      json: { z: [1, {}] },
      nan: null,
      bytes: 'qg==',
      nothing: null,
      yes: true,
      span: '1 day',
      fixed: [1, 2],
      id: '6b3f1d1e-0000-4000-8000-000000000001',
      text: 'ä€😀',
    };
    expect(await fixture.sqlRows(query, { people: table })).toEqual([expected]);
    const asked = await fixture.jobs.queryTables({ tables: [{ name: 'people', table }], query, maxRows: 10, maxBytes: 10_000 });
    expect(asked.rows).toEqual([expected]);
    const made = await fixture.table(await fixture.sql(query, { people: table }));
    expect(JSON.parse(await fixture.export(made))).toEqual(expected);
  });

  describe('for agents', () => {
    it('should cut a result by rows and by bytes, and say so', async () => {
      const ask = (query: string, maxRows: number, maxBytes: number) =>
        fixture.jobs.queryTables({ tables: [{ name: 'people', table }], query, maxRows, maxBytes });
      expect(await ask('SELECT i FROM range(5) t(i)', 5, 1_000)).toMatchObject({ rows: { length: 5 }, cut: false });
      expect(await ask('SELECT i FROM range(5) t(i)', 3, 1_000)).toMatchObject({ rows: { length: 3 }, cut: true });
      const large = await ask(`SELECT repeat('x', 100000) AS t FROM range(5)`, 5, 2_000);
      expect(large.cut).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(large.rows))).toBeLessThan(2_100);
      expect(large.rows.length).toBeGreaterThan(0);
    });

    it('should check a query against empty tables of these columns', async () => {
      const tables = [{ name: 'm', columns: [{ name: 'a', type: 'BIGINT' }, ...entities] }];
      expect(await fixture.jobs.checkSql({ tables, query: 'SELECT sum(a) AS s, entities[1].type AS t FROM m GROUP BY ALL' })).toEqual({
        columns: [
          { name: 's', type: 'BIGINT' },
          { name: 't', type: 'VARCHAR' },
        ],
      });
      const refusal = await refusalOf(fixture.jobs.checkSql({ tables, query: 'SELECT entites FROM m' }));
      expect(refusal).toMatchObject({ code: 'invalid_sql', field: 'query' });
      expect(refusal.message).toContain('"entities"');
    });

    it.each([
      ['SELECT a FROM n', 'There is no table n. Tables: m.'],
      ['SELEC a FROM m', 'near "SELEC a FROM m"'],
      ['SELECT a, a FROM m', 'two columns a'],
      ['SELECT a AS _hidden FROM m', '_hidden'],
      ['SELECT summe(a) FROM m', '"sum"'],
      ['SELECT a FROM m WHERE a = $1', 'parameters'],
    ])('should say what is wrong with %j', async (query, words) => {
      const tables = [{ name: 'm', columns: [{ name: 'a', type: 'BIGINT' }] }];
      const refusal = await refusalOf(fixture.jobs.checkSql({ tables, query }));
      expect(refusal.code).toBe('invalid_sql');
      expect(refusal.message).toContain(words);
    });
  });

  describe('that mean harm', () => {
    it.each([
      'SELECT 1; DROP TABLE people',
      'DROP VIEW people',
      'CREATE TABLE x (a INT)',
      'INSERT INTO people VALUES (1)',
      'WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone',
      'SET VARIABLE a = 1',
      "SET memory_limit = '100GB'",
      'PRAGMA database_list',
      'CALL pragma_version()',
      `COPY people TO '/tmp/apwa-stolen.csv'`,
      `COPY (SELECT 1) TO '/tmp/apwa-stolen.csv'`,
      `ATTACH '/tmp/apwa.db'`,
      'INSTALL httpfs',
      'LOAD httpfs',
      `EXPORT DATABASE '/tmp/apwa'`,
      'EXPLAIN ANALYZE SELECT 1',
      `SELECT * FROM read_text('/etc/passwd')`,
      `SELECT * FROM '/etc/passwd'`,
      `SELECT * FROM "/etc/passwd.csv"`,
      `SELECT * FROM read_csv('/etc/passwd')`,
      `SELECT * FROM read_parquet('https://example.org/x.parquet')`,
      `SELECT * FROM glob('/*')`,
      `SELECT (SELECT content FROM read_text('/proc/self/environ'))`,
      `WITH t AS (SELECT * FROM read_blob('/etc/passwd')) SELECT * FROM t`,
      `SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')`,
      `SELECT * FROM query_table('people')`,
      `SELECT getenv('PATH')`,
      `SELECT current_setting('allowed_paths')`,
      'SELECT * FROM duckdb_settings()',
      'SELECT * FROM duckdb_views()',
      'SELECT sql FROM duckdb_views',
      'SELECT * FROM sqlite_master',
      'SELECT * FROM information_schema.tables',
      `SELECT * FROM enable_logging(storage = 'file', storage_path = '/tmp/apwa-log')`,
      'SELECT * FROM checkpoint()',
      `SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))`,
      `SELECT 1) TO '/tmp/apwa-stolen.csv' --`,
      'SELECT 1 /* never closed',
      '',
      ';',
      'SELECT 1\0',
    ])('should refuse %j', async (query) => {
      const refusal = await refusalOf(
        fixture.jobs.queryTables({ tables: [{ name: 'people', table }], query, maxRows: 10, maxBytes: 10_000 }),
      );
      expect(refusal.code).toBe('invalid_sql');
      expect(JSON.stringify(refusal)).not.toContain(fixture.folder);
    });

    it('should run one that only looks like harm', async () => {
      const rows = await fixture.sqlRows(`SELECT 'DROP TABLE people; --' AS text, ';' AS end FROM people LIMIT 1; -- done`, {
        people: table,
      });
      expect(rows).toEqual([{ text: 'DROP TABLE people; --', end: ';' }]);
    });

    it('should stop one that takes more memory than DuckDB counts, without harm to the next', async () => {
      const limits = { memoryMb: 200 };
      const greedy = fixture.sql(`SELECT length(repeat('x', 500000000)) AS n`, { people: table }, limits);
      await expect(greedy).rejects.toMatchObject({ code: 'sql_memory_limit', class: 'permanent' });
      expect(await fixture.sqlRows('SELECT count(*) AS n FROM people', { people: table })).toEqual([{ n: 3 }]);
    });

    it('should stop one that sorts more than its memory and spills, or let it end', async () => {
      const query = 'SELECT count(DISTINCT hash(i, j)) AS n FROM range(8000) a(i), range(1000) b(j)';
      const outcome = await fixture.sql(query, { people: table }, { memoryMb: 100, timeoutMs: 20_000 }).then(
        ({ part }) => part.rows,
        (thrown: { code: string }) => thrown.code,
      );
      expect([1, 'sql_memory_limit', 'sql_timeout']).toContain(outcome);
    }, 40_000);

    it('should stop one that takes too long', async () => {
      const began = Date.now();
      const slow = fixture.sql('SELECT count(*) AS n FROM range(10000000) a, range(10000000) b', { people: table }, { timeoutMs: 1_500 });
      await expect(slow).rejects.toMatchObject({ code: 'sql_timeout', class: 'permanent' });
      expect(Date.now() - began).toBeLessThan(4_000);
    });

    it('should stop one with too many rows, and take one with as many as allowed', async () => {
      await expect(fixture.sql('SELECT i FROM range(1001) t(i)', { people: table }, { rows: 1_000 })).rejects.toMatchObject({
        code: 'sql_too_many_rows',
      });
      expect((await fixture.sql('SELECT i FROM range(1000) t(i)', { people: table }, { rows: 1_000 })).part.rows).toBe(1_000);
    });

    it('should stop at once when nobody wants the result any more', async () => {
      const control = new AbortController();
      const work = {
        kind: 'sql' as const,
        inputs: [{ name: 'people', table }],
        query: 'SELECT count(*) AS n FROM range(10000000) a, range(10000000) b',
      };
      const running = fixture.jobs.runSql({ ...work, limits: { memoryMb: 200, timeoutMs: 60_000, rows: 10 } }, fixture.newKey(), {
        signal: control.signal,
      });
      setTimeout(() => control.abort(new Error('cancelled')), 300);
      await expect(running).rejects.toThrow('cancelled');
    });

    it('should know nothing of our environment', async () => {
      process.env['APWA_TEST_CANARY'] = 'canary-secret';
      const control = new AbortController();
      const query = 'SELECT count(*) AS n FROM range(10000000) a, range(10000000) b';
      const work = {
        kind: 'sql' as const,
        inputs: [{ name: 'people', table }],
        query,
        limits: { memoryMb: 200, timeoutMs: 60_000, rows: 10 },
      };
      const running = fixture.jobs.runSql(work, fixture.newKey(), { signal: control.signal });
      const environment = await childEnvironment();
      control.abort(new Error('seen'));
      await expect(running).rejects.toThrow('seen');
      expect(environment).toContain('LANG=C.UTF-8');
      expect(environment).not.toContain('canary');
      delete process.env['APWA_TEST_CANARY'];
    });

    it('should give data errors their own code', async () => {
      await expect(fixture.sql(`SELECT name::BIGINT AS n FROM people`, { people: table })).rejects.toMatchObject({
        code: 'sql_failed',
        class: 'permanent',
      });
    });
  });

  it('should not find a table whose manifest is damaged', async () => {
    const damaged = { ...table, tableId: newId('table'), sha256: '0'.repeat(64) };
    await expect(fixture.sql('SELECT 1 AS a', { people: damaged })).rejects.toMatchObject({ code: 'manifest_damaged' });
  });
});

/** The environment of the job's process, once it runs. */
const childEnvironment = async (): Promise<string> => {
  for (let tries = 0; tries < 500; tries++) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const ours = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid);
        if (ours && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('jobs/child/main.js'))
          return readFileSync(`/proc/${pid}/environ`, 'utf8');
      } catch {
        // It ended meanwhile.
      }
    }
    await sleep(10);
  }
  throw new Error('the job did not start');
};
