import { workerPoolOperations } from '@apwa/contracts';
import { until } from './support/until.js';
import { World } from './support/world.js';

// Real: NATS, files, DuckDB in child processes, the member's process. Scripted: the executor.
describe('a member and its jobs', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await world.member();
  });
  afterAll(() => world.stop());

  it('should answer questions about tables', async () => {
    const table = await world.table(['a', 'b', 'b']);
    const ask = world.messaging;
    const page = await ask.request(workerPoolOperations.readRows, { table, first: 1, count: 5, maxBytes: 10_000 });
    expect(page.rows.map(({ text }) => text)).toEqual(['b', 'b']);
    const query = { query: 'SELECT text, count(*) AS n FROM words GROUP BY 1 ORDER BY 1', maxRows: 10, maxBytes: 10_000 };
    const counted = await ask.request(workerPoolOperations.queryTables, { tables: [{ name: 'words', table }], ...query });
    expect(counted.rows.map(({ text, n }) => [text, Number(n)])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    const check = { tables: [{ name: 'words', columns: [{ name: 'text', type: 'VARCHAR' }] }], query: 'SELECT nothing FROM words' };
    await expect(ask.request(workerPoolOperations.checkSql, check)).rejects.toMatchObject({ code: 'invalid_sql', class: 'refused' });
    const { metadata } = await ask.request(workerPoolOperations.describeTable, { table });
    expect(metadata.rows).toBe(3);
  });

  it('should tell with its heartbeats that it answers, for as long as it does', async () => {
    const table = await world.table(['a']);
    const query = 'SELECT sum(a.range * b.range) AS n FROM words, range(30000) a, range(30000) b';
    const request = { tables: [{ name: 'words', table }], query, maxRows: 1, maxBytes: 1_000 };
    const told = () => world.script.heartbeats.map(({ questions }) => questions);
    const answer = world.messaging.request(workerPoolOperations.queryTables, request);
    await until(() => told().includes(1), 30_000);
    expect((await answer).rows).toHaveLength(1);
    await until(() => told().at(-1) === 0);
  });

  it('should run a query, and commit its part with its columns', async () => {
    const limits = { memoryMb: 512, timeoutMs: 30_000, rows: 1_000 };
    const inputs = [{ name: 'words', table: await world.table(['a', 'b']) }];
    const { stageId } = world.script.addStage(
      { kind: 'sql', inputs, query: 'SELECT upper(text) AS up FROM words', limits },
      [{ first: 0, last: 0 }],
      { slots: 1 },
    );
    world.executor.hint();
    await until(() => world.script.done(stageId), 30_000);
    expect(world.script.shardsOf(stageId)[0]?.content).toMatchObject({
      columns: [{ name: 'up', type: 'VARCHAR' }],
      counts: { ok: 2 },
      part: { rows: 2 },
    });
  });

  it('should fail the stage of a query that is wrong', async () => {
    const limits = { memoryMb: 512, timeoutMs: 30_000, rows: 1_000 };
    const inputs = [{ name: 'words', table: await world.table(['a']) }];
    const { stageId } = world.script.addStage(
      { kind: 'sql', inputs, query: 'SELECT 1/0 AS x, nothing FROM words', limits },
      [{ first: 0, last: 0 }],
      { slots: 1 },
    );
    world.executor.hint();
    await until(() => world.script.stages.get(stageId)?.fault !== null, 30_000);
    expect(world.script.stages.get(stageId)?.fault?.class).toBe('refused');
  });

  it('should import documents, and commit how many of them failed and why', async () => {
    const contents = { 'a.html': '<h1>A</h1>', 'b.pdf': 'no PDF', 'c.tex': '' };
    const files: { key: string; name: string; bytes: number }[] = [];
    for (const [name, content] of Object.entries(contents)) {
      const key = `uploads/upl_documents/${files.length}`;
      await world.storage.write(key, Buffer.from(content));
      files.push({ key, name, bytes: content.length });
    }
    const { stageId } = world.script.addStage({ kind: 'import', files, options: { skipBadRows: false } }, [{ first: 0, last: 0 }], {
      slots: 1,
    });
    world.executor.hint();
    await until(() => world.script.done(stageId), 60_000);
    expect(world.script.shardsOf(stageId)[0]?.content).toMatchObject({
      columns: expect.arrayContaining([
        { name: 'text', type: 'VARCHAR' },
        { name: '_status', type: 'VARCHAR' },
      ]),
      part: { rows: 3 },
      counts: {
        ok: 1,
        failed: 2,
        errors: { document_broken: 1, document_empty: 1 },
        examples: { document_empty: 'c.tex: the file is empty' },
      },
    });
  });

  it('should import files and export tables', async () => {
    await world.storage.write('uploads/upl_test/0', Buffer.from('{"text":"a"}\n{"text":"b"}\n'));
    const files = [{ key: 'uploads/upl_test/0', name: 'words.jsonl', bytes: 26 }];
    const imported = world.script.addStage({ kind: 'import', files, options: { skipBadRows: false } }, [{ first: 0, last: 0 }], {
      slots: 1,
    });
    const exported = world.script.addStage(
      { kind: 'export', input: await world.table(['x', 'y']), format: 'jsonl', rows: 'all', bookkeeping: false },
      [{ first: 0, last: 0 }],
      { slots: 1 },
    );
    world.executor.hint();
    await until(() => world.script.done(imported.stageId) && world.script.done(exported.stageId), 30_000);
    expect(world.script.shardsOf(imported.stageId)[0]?.content).toMatchObject({
      columns: [{ name: 'text', type: 'VARCHAR' }],
      counts: { ok: 2 },
    });
    const key = world.script.shardsOf(exported.stageId)[0]?.content?.part.key ?? '';
    expect(key).toMatch(/\.jsonl$/);
    expect(
      Buffer.from(await world.storage.read(key))
        .toString('utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(2);
  });
});
