import { type SplitBy, type SplitWork, type TableReference } from '@apwa/contracts';
import { Fixture, LIMITS } from './support/fixture.js';

/** Real: DuckDB, in the process that does every job. */
describe('splitting texts', () => {
  const work = (input: TableReference, by: SplitBy, more: Partial<SplitWork> = {}): SplitWork => ({
    kind: 'split',
    input,
    column: 'text',
    by,
    size: { maxTokens: 1_000, overlapTokens: 0 },
    limits: LIMITS.sql,
    ...more,
  });
  const docs = [
    { name: 'a', text: '# Ä😀\none\n# B\ntwo', size: { kb: 1 } },
    { name: 'b', text: null, size: null },
    { name: 'c', text: 'no heading', size: { kb: 2 } },
    { name: 'd', text: ' ', size: null },
  ];
  const content = docs.map((row) => JSON.stringify(row)).join('\n');

  it('should give a row for each chunk, with the columns of its text, and offsets by which it is found there', async () => {
    await using fixture = await Fixture.create();
    const table = await fixture.importTable({ 'docs.jsonl': content });
    const { part, columns } = await fixture.jobs.splitRows(work(table, { kind: 'headings' }), fixture.newKey());
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'name VARCHAR',
      'text VARCHAR',
      'size STRUCT("kb" BIGINT)',
      'chunk BIGINT',
      'chunk_start BIGINT',
      'chunk_end BIGINT',
      'chunk_heading VARCHAR',
    ]);
    const chunks = await fixture.table({ part, columns });
    expect(await fixture.rows(chunks)).toMatchObject([
      { name: 'a', text: '# Ä😀\none', size: { kb: 1 }, chunk: 0, chunk_start: 0, chunk_end: 8, chunk_heading: 'Ä😀' },
      { name: 'a', text: '# B\ntwo', size: { kb: 1 }, chunk: 1, chunk_start: 9, chunk_end: 16, chunk_heading: 'B' },
      { name: 'c', text: 'no heading', size: { kb: 2 }, chunk: 0, chunk_start: 0, chunk_end: 10, chunk_heading: null },
    ]);
    const found = `SELECT count(*) AS n FROM chunks c JOIN docs d USING (name) WHERE substring(d.text, chunk_start + 1, chunk_end - chunk_start) = c.text`;
    expect(await fixture.sqlRows(found, { chunks, docs: table })).toMatchObject([{ n: 3 }]);
  });

  it('should split a text of megabytes beside small ones, in order and without loss', async () => {
    await using fixture = await Fixture.create({ limits: { ...LIMITS, import: { ...LIMITS.import, maxRowBytes: 20_000_000 } } });
    const sentence = (n: number) => `This is sentence number ${n}, and it is not a long one. `;
    const long = Array.from({ length: 100_000 }, (_, n) => sentence(n)).join('');
    const rows = [
      { id: 0, text: 'small' },
      { id: 1, text: long },
      ...Array.from({ length: 500 }, (_, n) => ({ id: n + 2, text: sentence(n) })),
    ];
    const table = await fixture.importTable({ 'docs.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') });
    const size = { maxTokens: 500, overlapTokens: 0 };
    const { part, columns } = await fixture.jobs.splitRows(work(table, { kind: 'sentences' }, { size }), fixture.newKey());
    const chunks = await fixture.table({ part, columns });
    const [whole] = await fixture.sqlRows(
      `SELECT count(*) AS n, max(strlen(text)) AS longest, string_agg(text, ' ' ORDER BY chunk) AS text FROM chunks WHERE id = 1`,
      { chunks },
    );
    expect(Number(whole?.longest)).toBeLessThanOrEqual(2_000);
    expect(whole?.text).toBe(long.trim());
    const read = await fixture.rows(chunks);
    const order = read.map(({ id, chunk }) => Number(id) * 1e6 + Number(chunk));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(read.map(({ id }) => Number(id))).size).toBe(rows.length);
  });

  it('should refuse a split that never splits, and one of too many rows', async () => {
    await using fixture = await Fixture.create();
    const table = await fixture.importTable({ 'docs.jsonl': content });
    const run = (by: SplitBy, more: Partial<SplitWork> = {}) => fixture.jobs.splitRows(work(table, by, more), fixture.newKey());
    await expect(run({ kind: 'regex', pattern: '^CHAPTER' })).rejects.toMatchObject({
      class: 'permanent',
      code: 'split_never_splits',
      details: { field: 'by', value: '^CHAPTER' },
    });
    await expect(run({ kind: 'headings' }, { limits: { ...LIMITS.sql, rows: 2 } })).rejects.toMatchObject({ code: 'split_too_many_rows' });
  });

  it('should be stopped when a pattern takes for ever', async () => {
    await using fixture = await Fixture.create();
    const table = await fixture.importTable({ 'docs.jsonl': JSON.stringify({ text: `${'a'.repeat(40)}!` }) });
    const limits = { ...LIMITS.sql, timeoutMs: 2_000 };
    await expect(
      fixture.jobs.splitRows(work(table, { kind: 'regex', pattern: '(a+)+$' }, { limits }), fixture.newKey()),
    ).rejects.toMatchObject({ code: 'split_timeout' });
  });
});
