import { createWriteStream, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Column, newId, type TablePart, type TableReference } from '@apwa/contracts';
import { ensureS3Binary, INSTALL_TIMEOUT_MS, S3Server } from '@apwa/test-kit';
import { openStorage, readManifest, readPage, readResults, readRows, writeManifest, writeMapPart } from '../src/index.js';
import { Fixture, LIMITS, refusalOf, resultOf } from './support/fixture.js';

const output: Column[] = [
  { name: 'label', type: 'VARCHAR' },
  { name: 'score', type: 'DOUBLE' },
  { name: 'found', type: 'STRUCT("type" VARCHAR, "at" BIGINT[])[]' },
  { name: 'raw', type: 'JSON' },
];
const answer = (row: number) =>
  row % 7 === 3
    ? null
    : { label: `row ${row}`, score: row / 4, found: row % 2 ? [] : [{ type: 'T', at: [row] }], raw: { big: row, list: [null, 'x'] } };

describe('tables', () => {
  let fixture: Fixture;
  let base: TableReference;
  let mapped: TableReference;
  beforeAll(ensureS3Binary, INSTALL_TIMEOUT_MS);
  beforeAll(async () => {
    fixture = await Fixture.create();
    base = await fixture.importTable({
      'a.jsonl': Array.from({ length: 2_500 }, (_, n) => JSON.stringify({ n, text: `text ${n} ä€😀` })).join('\n'),
    });
    mapped = await fixture.map(base, output, answer, { shardRows: 1_200 });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('should read results that are ok so that, written again, they are the same rows', async () => {
    const results = await readResults(fixture.storage, mapped, { first: 1_195, last: 1_205 }, output);
    expect(results.map(({ row }) => row)).toEqual([1_195, 1_196, 1_197, 1_198, 1_199, 1_201, 1_202, 1_203, 1_204, 1_205]);
    const part = await writeMapPart(fixture.storage, fixture.newKey(), { columns: output, results });
    const again = await fixture.tableOf({
      rows: 4,
      columns: output,
      ownColumns: output,
      base,
      parts: [{ ...part, firstRow: 1_195, rows: part.rows }],
    });
    const range = { first: 1_195, last: 1_198 };
    expect(await readRows(fixture.storage, again, range)).toEqual(
      (await readRows(fixture.storage, mapped, range)).map(({ n: _n, text: _text, ...own }) => own),
    );
  });

  it('should find results of rows that are alike, wherever they stand, the preferred ones first', async () => {
    const other = await fixture.importTable({
      'b.jsonl': [7, 3, 2_499, 9_999, 7].map((n) => JSON.stringify({ text: `text ${n} ä€😀`, x: 1 })).join('\n'),
    });
    const newer = await fixture.map(base, output, (row) => (row === 2_499 ? { ...answer(row), label: 'newer' } : null));
    const work = { kind: 'match' as const, input: other, columns: ['text'], sources: [newer, mapped], output, limits: LIMITS.sql };
    const { part } = await fixture.jobs.matchRows(work, fixture.newKey());
    const found = await fixture.tableOf({ rows: 5, columns: output, ownColumns: output, base: other, parts: [{ ...part, firstRow: 0 }] });
    const results = await readResults(fixture.storage, found, { first: 0, last: 4 }, output);
    // Row 3 had failed, and nobody has row 9,999.
    const { traceId: _none, ...figures } = resultOf(7, answer(7));
    expect(results).toMatchObject([
      { ...figures, row: 0, latencyMs: 12, usage: { input: 10, cacheRead: 5, output: 3 } },
      { row: 2, output: { ...answer(2_499), label: 'newer' } },
      { ...figures, row: 4, latencyMs: 12 },
    ]);
  });

  it('should read any range of a map’s rows with those of its base', async () => {
    for (const [first, last] of [
      [0, 0],
      [1_195, 1_205],
      [999, 1_001],
      [2_490, 9_999],
    ] as const) {
      const rows = await readRows(fixture.storage, mapped, { first, last });
      expect(rows.map(({ _row }) => _row)).toEqual(Array.from({ length: Math.min(last, 2_499) - first + 1 }, (_, at) => first + at));
      for (const row of rows) {
        const number = Number(row['_row']);
        expect(row).toMatchObject({
          n: number,
          text: `text ${number} ä€😀`,
          ...(answer(number) ?? { label: null, found: null, raw: null }),
        });
        expect(row).toMatchObject(
          number % 7 === 3
            ? { _status: 'failed', _error_code: 'refused', _attempts: 3 }
            : { _status: 'ok', _error_code: null, _input_tokens: 15, _cached_tokens: 5, _cost_usd: 0.25, _latency_ms: 12 },
        );
      }
    }
  });

  it('should read only the columns that are asked for, and name those that exist', async () => {
    expect(await readRows(fixture.storage, mapped, { first: 4, last: 4, columns: ['label', 'n', '_status'] })).toEqual([
      { label: 'row 4', n: 4, _status: 'ok' },
    ]);
    expect(await readRows(fixture.storage, base, { first: 7, last: 8, columns: ['_row'] })).toEqual([{ _row: 7 }, { _row: 8 }]);
    expect(await refusalOf(readRows(fixture.storage, base, { first: 0, last: 0, columns: ['nope'] }))).toMatchObject({
      code: 'no_such_column',
      value: 'nope',
      allowed: 'n, text',
    });
  });

  it('should leave out rows of a map that have no result', async () => {
    const manifest = await readManifest(fixture.storage, mapped);
    const { tableId: _, version: __, ...rest } = manifest;
    const partial = await fixture.tableOf({ ...rest, parts: manifest.parts.slice(1) });
    const rows = await readRows(fixture.storage, partial, { first: 1_190, last: 1_201 });
    expect(rows.map(({ _row }) => _row)).toEqual([1_200, 1_201]);
    expect(await fixture.sqlRows('SELECT count(*) AS n, min(_row) AS first FROM m', { m: partial })).toEqual([{ n: 1_300, first: 1_200 }]);
  });

  describe('of a map that is not complete', () => {
    /** Shards have 300 rows: those of rows 300 to 599, 1,200 to 1,499 and 2,400 to 2,499 are there. */
    const THERE = [1, 4, 8];
    const present = Array.from({ length: 2_500 }, (_, row) => row).filter((row) => THERE.includes(Math.floor(row / 300)));
    let partial: TableReference;
    beforeAll(async () => {
      const whole = await fixture.map(base, output, answer, { shardRows: 300 });
      const { tableId: _, version: __, ...manifest } = await readManifest(fixture.storage, whole);
      partial = await fixture.tableOf({ ...manifest, rows: present.length, parts: THERE.map((at) => manifest.parts[at] as TablePart) });
    });

    const page = async (first: number, count: number) => {
      const { rows } = await readPage(fixture.storage, { table: partial, first, count, maxBytes: 500_000 });
      return rows.map(({ _row }) => _row);
    };

    it('should give pages of the rows that are there, over gaps', async () => {
      expect(await page(0, 5)).toEqual([300, 301, 302, 303, 304]);
      expect(await page(597, 5)).toEqual([597, 598, 599, 1_200, 1_201]);
      expect(await page(0, 1_000)).toEqual(present);
      expect(await page(2_500, 10)).toEqual([]);
      const { rows } = await readPage(fixture.storage, { table: partial, first: 1_199, count: 1, maxBytes: 10_000 });
      expect(rows).toMatchObject([{ _row: 1_200, n: 1_200, text: 'text 1200 ä€😀', _status: 'failed' }]);
    });

    it('should join each row with its own row of the base in SQL, and count none that is not there', async () => {
      const [figures] = await fixture.sqlRows(
        'SELECT count(*) AS n, count(DISTINCT _row) AS distinct_rows, sum(_row) AS rows, bool_and(n = _row) AS joined FROM m',
        { m: partial },
      );
      const sum = present.reduce((a, b) => a + b, 0);
      expect({ ...figures, rows: Number(figures?.rows) }).toEqual({ n: 700, distinct_rows: 700, rows: sum, joined: true });
      const open = await fixture.sqlRows('SELECT count(*) AS n FROM b ANTI JOIN m ON b.n = m._row', { m: partial, b: base });
      expect(open).toEqual([{ n: 1_800 }]);
    });

    it('should export and describe the rows that are there, in order', async () => {
      const lines = (await fixture.export(partial)).trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(present);
      expect(await fixture.jobs.describeTable(partial)).toMatchObject({ rows: 700 });
    });

    it('should be empty where nothing is there, with all of its columns', async () => {
      const { tableId: _, version: __, ...manifest } = await readManifest(fixture.storage, mapped);
      const empty = await fixture.tableOf({ ...manifest, rows: 0, parts: [] });
      expect(await readPage(fixture.storage, { table: empty, first: 0, count: 10, maxBytes: 10_000 })).toMatchObject({
        columns: { length: (await readPage(fixture.storage, { table: partial, first: 0, count: 1, maxBytes: 10_000 })).columns.length },
        rows: [],
      });
      expect(await fixture.export(empty, { format: 'csv' })).toBe('n,text,label,score,found,raw\n');
      expect(await fixture.sqlRows('SELECT count(*) AS n FROM m', { m: empty })).toEqual([{ n: 0 }]);
    });
  });

  it('should cut a page where its bytes end', async () => {
    const page = await readPage(fixture.storage, { table: mapped, first: 0, count: 1_000, maxBytes: 20_000 });
    expect(page.cut).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(page.rows))).toBeLessThanOrEqual(20_100);
    expect(page.columns.map(({ name }) => name).slice(0, 7)).toEqual(['n', 'text', 'label', 'score', 'found', 'raw', '_row']);
    expect(await readPage(fixture.storage, { table: base, first: 2_499, count: 10, maxBytes: 20_000 })).toMatchObject({
      rows: { length: 1 },
      cut: false,
    });
  });

  it('should read little of a large part for a few rows', async () => {
    let bytes = 0;
    const counting = Object.assign(Object.create(fixture.storage) as typeof fixture.storage, {
      url: 'counting',
      read: async (key: string, range?: { start: number; end: number }) => {
        const content = await fixture.storage.read(key, range);
        if (key.startsWith('parts/')) bytes += content.length;
        return content;
      },
    });
    const rows = Array.from({ length: 40_000 }, (_, n) => `${n},${randomBytes(50).toString('hex')}`).join('\n');
    const large = await fixture.import({ 'a.csv': `n,t\n${rows}` });
    const table = await fixture.table(large);
    expect(large.part.bytes).toBeGreaterThan(3_000_000);
    expect((await readRows(counting, table, { first: 30_000, last: 30_009 })).map(({ n }) => n)).toEqual(
      Array.from({ length: 10 }, (_, at) => 30_000 + at),
    );
    expect(bytes).toBeLessThan(large.part.bytes / 5);
  });

  it('should write the same results as the same bytes, and refuse rows out of order and values that do not fit', async () => {
    const results = [resultOf(0, answer(0)), resultOf(3, null)];
    const parts = [
      await writeMapPart(fixture.storage, fixture.newKey(), { columns: output, results }),
      await writeMapPart(fixture.storage, fixture.newKey(), { columns: output, results }),
    ];
    expect(parts[0]?.sha256).toBe(parts[1]?.sha256);
    expect(parts[0]?.rows).toBe(2);
    await expect(writeMapPart(fixture.storage, fixture.newKey(), { columns: output, results: results.toReversed() })).rejects.toMatchObject(
      { code: 'rows_out_of_order' },
    );
    const misfit = { columns: [{ name: 'n', type: 'BIGINT' }], results: [resultOf(0, { n: 1e30 })] };
    await expect(writeMapPart(fixture.storage, fixture.newKey(), misfit)).rejects.toMatchObject({ code: 'value_misfit' });
  });

  it('should notice a part whose rows are not those that the manifest says', async () => {
    const { tableId: _, version: __, ...rest } = await readManifest(fixture.storage, mapped);
    const shifted = await fixture.tableOf({ ...rest, parts: rest.parts.map((part) => ({ ...part, firstRow: part.firstRow + 1 })) });
    await expect(readRows(fixture.storage, shifted, { first: 0, last: 10 })).rejects.toMatchObject({ code: 'part_damaged' });
  });

  it('should write a manifest once, and read it back', async () => {
    const manifest = { ...(await readManifest(fixture.storage, base)), tableId: newId('table') };
    const reference = await writeManifest(fixture.storage, manifest);
    expect(await writeManifest(fixture.storage, manifest)).toEqual(reference);
    expect(reference.manifestKey).toBe(`manifests/${manifest.tableId}/1-${reference.sha256.slice(0, 8)}.json`);
    expect(await readManifest(fixture.storage, reference)).toEqual(manifest);
  });

  describe('as files', () => {
    it('should hold the rows that were asked for, in order', async () => {
      const ok = (await fixture.export(mapped, { rows: 'ok' }))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(ok.map(({ n }) => n)).toEqual(Array.from({ length: 2_500 }, (_, n) => n).filter((n) => n % 7 !== 3));
      expect(ok[1]).toEqual({ n: 1, text: 'text 1 ä€😀', ...answer(1) });
      const failed = (await fixture.export(mapped, { rows: 'failed' }))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(failed.length).toBe(357);
      expect(failed[0]).toMatchObject({
        n: 3,
        label: null,
        _status: 'failed',
        _error_code: 'refused',
        _error: 'row 3 was declined',
        _attempts: 3,
      });
      expect(Object.keys(failed[0] ?? {}).filter((name) => name.startsWith('_'))).toEqual([
        '_status',
        '_error_code',
        '_error',
        '_attempts',
      ]);
      const all = (await fixture.export(mapped, { rows: 'all', bookkeeping: true })).trim().split('\n');
      expect(all.length).toBe(2_500);
      expect(JSON.parse(all[9] ?? '')).toMatchObject({ _row: 9, _model: 'test-model', _trace_id: null });
      expect(await fixture.export(base, { rows: 'failed' })).toBe('');
    });

    it('should quote what CSV must quote, and show nested values as JSON', async () => {
      const table = await fixture.importTable({ 'a.jsonl': '{"a":"x,\\"y\\"\\nz","b":[{"c":1}],"d":null,"e":"","f":true,"g":" pad"}\n' });
      expect(await fixture.export(table, { format: 'csv' })).toBe('a,b,d,e,f,g\n"x,""y""\nz","[{""c"":1}]",,"",true," pad"\n');
    });

    it('should give back every text byte for byte', async () => {
      const texts = ['', ' ', '\u0000', '\u2028', '"\\', '\r\n', 'ﬀ', '😀'.repeat(100), '\ud7ff\ue000', "'; DROP"];
      const lines = texts.map((text) => JSON.stringify({ text })).join('\n');
      const table = await fixture.importTable({ 'a.jsonl': lines });
      expect(
        (await fixture.export(table))
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { text: string }).text),
      ).toEqual(texts);
    });
  });

  describe('in metadata', () => {
    it('should be described with figures, frequent values and a sample', async () => {
      const metadata = await fixture.jobs.describeTable(mapped);
      expect(metadata).toMatchObject({ rows: 2_500, leftOut: [] });
      const columns = Object.fromEntries(metadata.columns.map((column) => [column.name, column]));
      expect(columns['n']).toMatchObject({ type: 'BIGINT', nullShare: 0, min: '0', max: '2499' });
      expect(Math.abs((columns['n']?.distinct ?? 0) - 2_500)).toBeLessThan(500);
      expect(columns['label']).toMatchObject({ nullShare: 0.1428, length: { max: 8 } });
      expect(columns['_status']?.top).toEqual([
        { value: 'ok', share: 0.8572 },
        { value: 'failed', share: 0.1428 },
      ]);
      expect(metadata.sample.length).toBe(5);
      expect(metadata.sample[0]).toHaveProperty('text');
      expect(metadata.bytes).toBeGreaterThan(10_000);
    });

    it('should fit two thousand tokens for 300 columns with huge values', async () => {
      const row = (seed: number) =>
        Object.fromEntries(
          Array.from({ length: 300 }, (_, at) => [`some_column_${at}`, at % 3 ? `${seed} ${'€'.repeat(500)}` : seed * at]),
        );
      const table = await fixture.importTable({
        'wide.jsonl': Array.from({ length: 12 }, (_, seed) => JSON.stringify(row(seed))).join('\n'),
      });
      const metadata = await fixture.jobs.describeTable(table);
      expect(Buffer.byteLength(JSON.stringify(metadata))).toBeLessThanOrEqual(8_000);
      expect(metadata.columns.length).toBeGreaterThan(10);
      expect(metadata.leftOut[0]).toMatch(/^statistics of \d+ more columns: some_column_/);
    });

    it('should fit for long names, deep types and tables without rows', async () => {
      const record = Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [`${'long '.repeat(40)}${at}`, { [`${'x'.repeat(100)}`]: [{ y: at }] }]),
      );
      for (const content of [JSON.stringify(record), 'a,b\n']) {
        const table = await fixture.importTable({ [content.startsWith('{') ? 'a.jsonl' : 'a.csv']: content });
        expect(Buffer.byteLength(JSON.stringify(await fixture.jobs.describeTable(table)))).toBeLessThanOrEqual(8_000);
      }
    });
  });

  it('should import 100 MB of CSV within its memory', async () => {
    await using small = await Fixture.create({ limits: { ...LIMITS, import: { ...LIMITS.import, memoryMb: 256 } } });
    const path = join(small.folder, 'large.csv');
    const out = createWriteStream(path);
    for (let from = 0; from < 1_000_000; from += 10_000) {
      const lines = Array.from(
        { length: 10_000 },
        (_, at) => `${from + at},name ${(from + at) % 977},${(from + at) / 8},"row ${from + at}, ${'lorem ipsum '.repeat(6)}"\n`,
      );
      if (!out.write((from === 0 ? 'id,name,amount,text\n' : '') + lines.join(''))) await once(out, 'drain');
    }
    out.end();
    await once(out, 'finish');
    const { size } = await stat(path);
    expect(size).toBeGreaterThan(100_000_000);
    const key = `uploads/${newId('upload')}/0`;
    await small.storage.writeFile(key, path);
    // The parent kills the process at 256 + 256 MB resident; what it takes is watched besides.
    let peakKb = 0;
    const watch = setInterval(() => void watchChildren().then((kb) => (peakKb = Math.max(peakKb, kb))), 100);
    const before = process.memoryUsage().rss;
    const result = await small.jobs.importFiles(
      { kind: 'import', files: [{ key, name: 'large.csv', bytes: size }], options: { skipBadRows: false } },
      small.newKey(),
      small.newKey(),
    );
    clearInterval(watch);
    expect(result.part.rows).toBe(1_000_000);
    expect(result.columns.map(({ type }) => type)).toEqual(['BIGINT', 'VARCHAR', 'DOUBLE', 'VARCHAR']);
    expect(peakKb).toBeGreaterThan(20_000);
    expect(peakKb).toBeLessThan(450_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    const table = await small.table(result);
    expect((await readRows(small.storage, table, { first: 999_999, last: 999_999 }))[0]).toMatchObject({
      id: 999_999,
      amount: 999_999 / 8,
    });
  }, 180_000);

  it('should copy tables whose rows are large, in order and in small row groups', async () => {
    const texts = Array.from({ length: 60 }, (_, at) => `${at} ${randomBytes(300_000).toString('hex')}`);
    const table = await fixture.importTable(Object.fromEntries(texts.map((text, at) => [`${String(at).padStart(2, '0')}.txt`, text])));
    const result = await fixture.sql('SELECT path, text FROM docs', { docs: table }, { memoryMb: 300 });
    const rows = await readRows(fixture.storage, await fixture.table(result), { first: 57, last: 59 });
    expect(rows.map(({ text }) => text === texts[57] || text === texts[58] || text === texts[59])).toEqual([true, true, true]);
    expect((await fixture.export(table, { format: 'csv' })).length).toBeGreaterThan(36_000_000);
  });

  it('should leave no folder of a job behind', async () => {
    expect(await readdir(join(fixture.folder, 'jobs'))).toEqual([]);
  });

  it('should do all of it over S3', async () => {
    await using server = await S3Server.start();
    await using remote = await Fixture.create({ storage: await openStorage(server.options('apwa')) });
    const table = await remote.importTable({ 'a.csv': 'n,t\n1,x\n2,y\n3,z\n' });
    const map = await remote.map(table, output, answer, { shardRows: 2 });
    expect((await remote.rows(map)).map(({ n, label }) => [n, label])).toEqual([
      [1, 'row 0'],
      [2, 'row 1'],
      [3, 'row 2'],
    ]);
    expect(await remote.sqlRows('SELECT sum(n) AS n, max(label) AS last FROM m', { m: map })).toEqual([{ n: 6, last: 'row 2' }]);
    expect((await remote.export(map, { format: 'csv', rows: 'ok' })).split('\n').length).toBe(5);
    expect((await remote.jobs.describeTable(map)).rows).toBe(3);
    expect(await refusalOf(remote.import({ 'a.csv': 'a,b\n1\n' }))).toMatchObject({ field: 'a.csv:2' });
  }, 120_000);
});

/** Resident memory of this process' child processes, in KiB. */
const watchChildren = async (): Promise<number> => {
  let most = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (Number(/PPid:\s+(\d+)/.exec(status)?.[1]) === process.pid) most = Math.max(most, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It ended meanwhile.
    }
  }
  return most;
};
