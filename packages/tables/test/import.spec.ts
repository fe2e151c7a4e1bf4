import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ExcelJS from 'exceljs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { Fixture, gzipSync, refusalOf } from './support/fixture.js';

const shared = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

describe('imports', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.create();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());
  const rowsOf = async (files: Record<string, string | Uint8Array>) => fixture.rows(await fixture.importTable(files));
  const typesOf = async (files: Record<string, string | Uint8Array>, options = {}) =>
    Object.fromEntries((await fixture.import(files, options)).columns.map(({ name, type }) => [name, type]));

  describe('of CSV', () => {
    it('should find out what columns hold, soberly', async () => {
      const content =
        'id,zip,count,price,mixed,ok,day,at,instant,offset,long,version,plus,empty\n' +
        '1,01234,5,1.50,7,true,2024-02-29,2024-02-29 10:00:00,2024-02-29T10:00:00Z,2024-02-29T10:00:00+02:00,12345678901234567890,1.10.2,+1,\n' +
        '2,98765,-7,2,x,FALSE,2024-03-01,2024-03-01T10:00:00.5,2024-03-01T10:00:00Z,2024-03-01T10:00:00+02:00,1,2.0,2,\n';
      expect(await typesOf({ 'a.csv': content })).toEqual({
        id: 'BIGINT',
        zip: 'VARCHAR',
        count: 'BIGINT',
        price: 'DOUBLE',
        mixed: 'VARCHAR',
        ok: 'BOOLEAN',
        day: 'DATE',
        at: 'TIMESTAMP',
        instant: 'TIMESTAMP WITH TIME ZONE',
        offset: 'VARCHAR',
        long: 'VARCHAR',
        version: 'VARCHAR',
        plus: 'VARCHAR',
        empty: 'VARCHAR',
      });
      expect((await rowsOf({ 'a.csv': content }))[0]).toMatchObject({
        id: 1,
        zip: '01234',
        price: 1.5,
        day: '2024-02-29',
        at: '2024-02-29T10:00:00',
        instant: '2024-02-29T10:00:00Z',
        empty: null,
      });
    });

    it('should read quotes, line ends within them, CRLF, a byte order mark and empty lines', async () => {
      const content = '\ufeffa,"b ""c"""\r\n"x, y","line 1\r\nline 2"\r\n\r\n"say ""hi""",\r\n"",plain "quotes" within\r\nlast,line';
      expect(await rowsOf({ 'a.csv': content })).toEqual([
        { a: 'x, y', 'b "c"': 'line 1\r\nline 2' },
        { a: 'say "hi"', 'b "c"': null },
        { a: '', 'b "c"': 'plain "quotes" within' },
        { a: 'last', 'b "c"': 'line' },
      ]);
    });

    it.each([
      ['a;b\n1,5;2\n', { a: '1,5', b: 2 }],
      ['a\tb\n1\t2\n', { a: 1, b: 2 }],
      ['"x;y",b\n1,2\n', { 'x;y': 1, b: 2 }],
    ])('should tell the delimiter of %j', async (content, row) => {
      expect(await rowsOf({ 'a.csv': content })).toEqual([row]);
    });

    it('should read TSV, packed files, and several files as one table with the columns of both', async () => {
      expect(await rowsOf({ 'a.tsv': 'a\tb\n1\tx,y\n' })).toEqual([{ a: 1, b: 'x,y' }]);
      expect(await rowsOf({ 'a.csv.gz': gzipSync('a,b\n1,x\n'), 'dir/b.csv': 'b,c\ny,2.5\n' })).toEqual([
        { a: 1, b: 'x', c: null },
        { a: null, b: 'y', c: 2.5 },
      ]);
    });

    it('should make names of columns that a table can have', async () => {
      const { columns } = await fixture.import({ 'a.csv': 'id,ID,_row,, name ,name,__proto__\n1,2,3,4,5,6,7\n' });
      expect(columns.map(({ name }) => name)).toEqual(['id', 'ID_2', 'row', 'column_4', 'name', 'name_2', 'proto__']);
    });

    it('should keep rows of one column that are empty, but for those at the end', async () => {
      expect(await rowsOf({ 'a.csv': 'a\nx\n\ny\n\n' })).toEqual([{ a: 'x' }, { a: null }, { a: 'y' }]);
    });

    it.each([
      ['a,b\n1,2\n3\n', 'a.csv:3', '1 field where the header has 2', '3'],
      ['a,b\n1,"x\ny"\n3,4,5\n', 'a.csv:4', '3 fields where the header has 2', '3,4,5'],
      ['a,b\n1,"x\n2,y\n', 'a.csv:2', 'a quote is opened and never closed', '1,"x'],
      ['a,b\n1,"x"y\n', 'a.csv:2', 'text stands behind a closing quote', '1,"x"y'],
    ])('should name the line of %j', async (content, field, words, value) => {
      const refusal = await refusalOf(fixture.import({ 'a.csv': content }));
      expect(refusal).toMatchObject({ code: 'bad_input', field });
      expect(refusal.message).toContain(words);
      expect(refusal.value).toContain(value);
      expect(refusal.allowed).toBeTruthy();
    });

    it('should name the line and the byte that is no UTF-8', async () => {
      const content = Buffer.concat([Buffer.from('a,b\nä,ok\nx,'), Buffer.from([0xe4, 0x6e]), Buffer.from('\n')]);
      const refusal = await refusalOf(fixture.import({ 'latin1.csv': content }));
      expect(refusal).toMatchObject({ code: 'bad_input', field: 'latin1.csv:3' });
      expect(refusal.message).toContain('byte 3 of the line (0xe4)');
      const quoted = Buffer.concat([Buffer.from('a,b\n"ä\n'), Buffer.from([0xff]), Buffer.from('",1\n')]);
      expect(await refusalOf(fixture.import({ 'q.csv': quoted }))).toMatchObject({ code: 'bad_input' });
    });

    it('should put bad rows into a table of their own', async () => {
      const content = Buffer.concat([
        Buffer.from('a,b\n1,2\n3\n'),
        Buffer.from([0xff, 0x2c, 0x31, 0x0a]),
        Buffer.from('4,5\n"open,6\n7,8\n'),
      ]);
      const result = await fixture.import({ 'a.csv': content }, { skipBadRows: true });
      expect(await fixture.rows(await fixture.table(result))).toEqual([
        { a: 1, b: 2 },
        { a: 4, b: 5 },
        { a: 7, b: 8 },
      ]);
      if (!result.rejected) throw new Error('nothing was put aside');
      const columns = ['file', 'error', 'text'].map((name) => ({ name, type: 'VARCHAR' }));
      const rejected = await fixture.rows(
        await fixture.table({ part: result.rejected, columns: [...columns, { name: 'line', type: 'BIGINT' }] }),
      );
      expect(rejected.map(({ file, line }) => [file, line])).toEqual([
        ['a.csv', 3],
        ['a.csv', 4],
        ['a.csv', 6],
      ]);
      expect(rejected[0]).toMatchObject({ error: '1 field where the header has 2', text: '3' });
    });

    it('should refuse a row that is too large, or put it aside and go on', async () => {
      const content = `a,b\n1,${'x'.repeat(3_000_000)}\n2,y\n`;
      const refusal = await refusalOf(fixture.import({ 'a.csv': content }));
      expect(refusal).toMatchObject({ code: 'bad_input', field: 'a.csv:2' });
      expect(JSON.stringify(refusal).length).toBeLessThan(2_000);
      const result = await fixture.import({ 'a.csv': content }, { skipBadRows: true });
      expect([result.part.rows, result.rejected?.rows]).toEqual([1, 1]);
    });
  });

  describe('of JSON', () => {
    it('should keep what is nested, and irregular values as JSON', async () => {
      const lines = [
        { id: 1, tags: ['a'], person: { name: 'Ada', age: 36 }, any: 1, big: 0, when: '2024-01-01', list: [] },
        { id: 2, tags: [], person: { name: 'Grace', born: { year: 1906 } }, any: { x: [1] }, half: 0.5, list: [] },
        { id: 3, person: null, any: 'text', empty: null },
      ];
      const content = lines
        .map((line) => JSON.stringify(line))
        .join('\n')
        .replace('"big":0', '"big":9007199254740993');
      expect(await typesOf({ 'a.jsonl': content })).toEqual({
        id: 'BIGINT',
        tags: 'VARCHAR[]',
        person: 'STRUCT("name" VARCHAR, "age" BIGINT, "born" STRUCT("year" BIGINT))',
        any: 'JSON',
        big: 'BIGINT',
        when: 'VARCHAR',
        list: 'JSON[]',
        half: 'DOUBLE',
        empty: 'VARCHAR',
      });
      const rows = await rowsOf({ 'a.jsonl': content });
      expect(rows[0]).toEqual({
        ...lines[0],
        person: { name: 'Ada', age: 36, born: null },
        big: '9007199254740993',
        half: null,
        empty: null,
      });
      expect(rows[1]?.['any']).toEqual({ x: [1] });
      expect(rows[2]).toMatchObject({ any: 'text', tags: null, person: null });
    });

    it('should keep objects with many or changing keys as JSON', async () => {
      const content = Array.from({ length: 50 }, (_, at) => JSON.stringify({ counts: { [`word${at}`]: 1 } })).join('\n');
      expect(await typesOf({ 'a.ndjson': content })).toEqual({ counts: 'JSON' });
      expect(await typesOf({ 'a.jsonl': '{"a":{"x":1,"X":2}}\n{"a":{"__proto__":1}}' })).toEqual({ a: 'JSON' });
    });

    it('should read an array, an object of records, a single record and JSONL alike', async () => {
      const rows = [
        { a: 1, b: '}]"\\' },
        { a: 2, b: null },
      ];
      expect(await rowsOf({ 'a.json': JSON.stringify(rows, null, 2) })).toEqual(rows);
      expect(await rowsOf({ 'a.jsonl.gz': gzipSync(rows.map((row) => JSON.stringify(row)).join('\r\n\n')) })).toEqual(rows);
      expect(await rowsOf({ 'a.json': '{"x": {"a": 1}, "y": {"key": 2}}' })).toEqual([
        { key: 'x', a: 1, key_2: null },
        { key: 'y', a: null, key_2: 2 },
      ]);
      expect(await rowsOf({ 'a.json': '{"a": {"b": 1}, "c": [1, 2]}' })).toEqual([{ a: { b: 1 }, c: [1, 2] }]);
    });

    it.each([
      ['a.jsonl', '{"a":1}\n{"a":\n', 'a.jsonl:2', 'no valid JSON'],
      ['a.jsonl', '{"a":1}\n[1]\n', 'a.jsonl:2', 'no object'],
      ['a.json', '[{"a":1},\n{"a":tru}]', 'a.json:2', 'no valid JSON'],
      ['a.json', '[{"a":1}\n{"a":2}]', 'a.json:2', 'comma'],
      ['a.json', '[{"a":1},\n', 'a.json:2', 'ends before'],
      ['a.json', '[{"a":"x', 'a.json:1', 'never closed'],
      ['a.json', '[1, 2]', 'a.json:1', 'no object'],
      ['a.json', '"text"', 'a.json:1', 'neither an array nor an object'],
      ['a.json', '[{"a":1}] x', 'a.json:1', 'behind the end'],
      ['a.json', ' \n ', 'a.json', 'empty'],
      ['a.jsonl', '\n\n', 'a.jsonl', 'empty'],
    ])('should say what is wrong with %s: %j', async (name, content, field, words) => {
      const refusal = await refusalOf(fixture.import({ [name]: content }));
      expect(refusal).toMatchObject({ code: 'bad_input', field });
      expect(refusal.message).toContain(words);
    });

    it('should put broken lines aside', async () => {
      const result = await fixture.import(
        { 'a.jsonl': `{"a":1}\n{"a":\nnull\n{"a":"${'x'.repeat(1_200_000)}"}\n{"a":2}` },
        { skipBadRows: true },
      );
      expect([result.part.rows, result.rejected?.rows]).toEqual([2, 3]);
    });

    it('should import the labelled sentences', async () => {
      const content = readFileSync(join(shared, 'pii/synth_dataset_v2.json'));
      const expected = JSON.parse(content.toString()) as Record<string, unknown>[];
      const table = await fixture.importTable({ 'pii/synth_dataset_v2.json': content });
      expect(table.rows).toBe(1_500);
      expect(await fixture.rows(table)).toEqual(expected);
      const exported = (await fixture.export(table)).trim().split('\n');
      expect(exported.map((line) => JSON.parse(line) as unknown)).toEqual(expected);
    });
  });

  describe('of text', () => {
    it('should make a row of each file', async () => {
      const folder = join(shared, 'summary/decline-and-fall');
      const names = (await readdir(folder)).sort();
      const files = Object.fromEntries(
        await Promise.all(names.map(async (name) => [`fall/${name}`, await readFile(join(folder, name))] as const)),
      );
      const rows = await rowsOf(files);
      expect(rows.map(({ path }) => path)).toEqual(names.map((name) => `fall/${name}`));
      expect(rows[5]).toEqual({
        path: `fall/${names[5]}`,
        text: files[`fall/${names[5]}`]?.toString(),
        bytes: files[`fall/${names[5]}`]?.length,
      });
    });

    it('should put aside files that are no text', async () => {
      const result = await fixture.import({ 'a.txt': 'good', 'b.txt': new Uint8Array([0xff]), 'c.md': '' }, { skipBadRows: true });
      expect([result.part.rows, result.rejected?.rows]).toEqual([1, 2]);
      expect(await refusalOf(fixture.import({ 'b.txt': new Uint8Array([0x61, 0x0a, 0xff]) }))).toMatchObject({ field: 'b.txt:2' });
    });
  });

  describe('of Excel', () => {
    const workbook = async () => {
      const book = new ExcelJS.Workbook();
      const sheet = book.addWorksheet('People');
      sheet.addRow(['id', 'name', 'born', 'ok', 'share', 'zip', 'note']);
      sheet.addRow([1, 'Ada', new Date('1815-12-10T00:00:00Z'), true, 0.5, '01234', { richText: [{ text: 'two ' }, { text: 'parts' }] }]);
      sheet.addRow([]);
      sheet.addRow([2, 'Grace & Co <x>', new Date('1906-12-09T00:00:00Z'), false, 1.25, '5', { formula: 'A1', result: 'made' }]);
      sheet.getColumn(3).numFmt = 'yyyy-mm-dd';
      const other = book.addWorksheet('Other');
      other.addRow(['x']);
      other.addRow([42]);
      return Buffer.from(await book.xlsx.writeBuffer());
    };

    it('should read a sheet with its types', async () => {
      const content = await workbook();
      expect(await rowsOf({ 'a.xlsx': content })).toEqual([
        { id: 1, name: 'Ada', born: '1815-12-10', ok: true, share: 0.5, zip: '01234', note: 'two parts' },
        { id: 2, name: 'Grace & Co <x>', born: '1906-12-09', ok: false, share: 1.25, zip: '5', note: 'made' },
      ]);
      const other = await fixture.import({ 'a.xlsx': content }, { sheet: 'Other' });
      expect(await fixture.rows(await fixture.table(other))).toEqual([{ x: 42 }]);
    });

    it('should refuse a sheet that is not there, and what is no workbook', async () => {
      const content = await workbook();
      expect(await refusalOf(fixture.import({ 'a.xlsx': content }, { sheet: 'Nope' }))).toMatchObject({
        code: 'bad_input',
        field: 'a.xlsx',
        value: 'Nope',
        allowed: 'People, Other',
      });
      for (const broken of [Buffer.from('no zip at all'), content.subarray(0, 2_000)])
        expect(await refusalOf(fixture.import({ 'a.xlsx': broken }))).toMatchObject({ code: 'bad_input', field: 'a.xlsx' });
    });
  });

  describe('of Parquet', () => {
    const file = (name: string, data: unknown[]) =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name, data, type: 'STRING' },
            { name: '_id', data: data.map((_, at) => at), type: 'INT32' },
          ],
        }),
      );

    it('should read files with the columns of all, in order', async () => {
      expect(await rowsOf({ 'a.parquet': file('a', ['x', 'y']), 'b.parquet.gz': gzipSync(file('b', ['z'])) })).toEqual([
        { a: 'x', id: 0, b: null },
        { a: 'y', id: 1, b: null },
        { a: null, id: 0, b: 'z' },
      ]);
    });

    it('should import what it exported', async () => {
      const table = await fixture.importTable({ 'a.jsonl': '{"a":[{"b":1,"c":"x"}],"j":{"k":[1]}}\n{"a":null,"j":2}' });
      const key = fixture.newKey();
      await fixture.jobs.exportTable({ kind: 'export', input: table, format: 'parquet', rows: 'all', bookkeeping: false }, key);
      expect(await rowsOf({ 'a.parquet': await fixture.storage.read(key) })).toEqual(await fixture.rows(table));
    });

    it('should refuse damaged files', async () => {
      const whole = file(
        'a',
        Array.from({ length: 1_000 }, (_, at) => `value ${at}`),
      );
      for (const broken of [
        Buffer.from('PAR1 no'),
        whole.subarray(0, whole.length - 10),
        Buffer.concat([Buffer.alloc(500, 7), whole.subarray(500)]),
      ]) {
        const refusal = await refusalOf(fixture.import({ 'a.parquet': broken }));
        expect(refusal).toMatchObject({ code: 'bad_input', field: 'a.parquet' });
        expect(JSON.stringify(refusal)).not.toContain(fixture.folder);
      }
    });
  });

  it.each([
    [{ 'a.csv': '' }, 'a.csv', 'empty'],
    [{ 'a.csv': '\n\n' }, 'a.csv', 'empty'],
    [{ 'a.parquet': '' }, 'a.parquet', 'empty'],
    [{ 'a.zip': 'x' }, 'a.zip', 'ending'],
    [{ noending: 'x' }, 'noending', 'ending'],
    [{ 'a.csv': 'a\n1\n', 'b.json': '[]' }, 'b.json', 'json'],
    [{ 'a.csv.gz': 'no gzip' }, 'a.csv.gz', 'gzip'],
    [{ 'a.csv.gz': gzipSync('a,b\n1,2\n'.repeat(1_000)).subarray(0, 30) }, 'a.csv.gz', 'gzip'],
    [{ 'a.json': '[]' }, 'a.json', 'no good row'],
  ])('should refuse %j', async (files, field, words) => {
    const refusal = await refusalOf(fixture.import(files));
    expect(refusal).toMatchObject({ code: 'bad_input', field });
    expect(refusal.message).toContain(words);
  });

  it('should take a format that endings do not say', async () => {
    expect((await fixture.import({ data: 'a,b\n1,2\n' }, { format: 'csv' })).part.rows).toBe(1);
  });

  it('should not unpack without end', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, `${'a'.repeat(50_000)}\n`), { level: 9 });
    expect(bomb.length).toBeLessThan(1_000_000);
    expect(await refusalOf(fixture.import({ 'a.csv.gz': bomb }))).toMatchObject({ code: 'bad_input', field: 'a.csv.gz' });
  }, 60_000);
});
