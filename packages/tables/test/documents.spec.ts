import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docxOf, encryptedPdf, endlessPdf, eventually, paragraph, pdfOf, zipOf } from '@apwa/test-kit';
import { Fixture, gzipSync, LIMITS } from './support/fixture.js';

const shared = fileURLToPath(new URL('../../../../shared/data/documents/documents/', import.meta.url));

const line = (text: string, y: number, { x = 50, size = 12 } = {}) => ({ text, x, y, size });
const PDF = pdfOf(
  [
    [line('On Tides', 780, { size: 24 }), line('There are two tides a day.', 750), line('The moon makes them.', 736)],
    [
      line('Heights', 780, { size: 18 }),
      line('Place', 750),
      line('Metres', 750, { x: 250 }),
      line('Fundy', 736),
      line('16', 736, { x: 250 }),
      line('Back to text.', 700),
    ],
  ],
  { title: 'Tides' },
);
const cells = (...texts: string[]) => `<w:tr>${texts.map((text) => `<w:tc>${paragraph(text)}</w:tc>`).join('')}</w:tr>`;
const DOCX = docxOf(
  paragraph('One', 1) + paragraph('Text of one, 😀.') + paragraph('Two', 2) + `<w:tbl>${cells('a', 'b')}${cells('1', '2 | 3')}</w:tbl>`,
  { title: 'A letter' },
);
const HTML = `<!DOCTYPE html><html><head><title>Hello &amp; more</title><script>alert('s')</script><style>p { color: red }</style></head>
  <body><h1>Hello</h1><p>First <b>bold</b><br>line</p><p hidden>secret</p><ul><li>one<ol><li>deep</li></ol></li><li>two</li></ul>
  <h3>Table</h3><table><tr><th>k</th><th>v</th></tr><tr><td>a</td><td>1</td></tr></table><pre># not a heading</pre><p># nor this</p></body></html>`;
const LATEX = String.raw`\documentclass{article}\title{On Sums}
\begin{document}\maketitle
\section{Intro}\label{a} We add $x_1$ and \emph{more}.\footnote{A note.} % a comment
\begin{itemize}\item one \item two\end{itemize}
\subsection{Table} \begin{tabular}{ll}\hline a & b \\ 1 & 2 \\ \end{tabular}
\end{document}`;
const XML = `<?xml version="1.0"?><article><title>My <i>art</i></title><sec><title>One</title><p>Some <b>bold</b> text.</p></sec>
  <item n="2"><name>a</name><price currency="EUR">3</price></item></article>`;
const LAUGHS = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>`;

/** Real: the process that imports, those that read documents, and DuckDB. */
describe('documents', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.create();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const imported = async (files: Record<string, string | Uint8Array>, within = fixture) => {
    const result = await within.import(files, { format: 'documents' });
    const table = await within.table(result);
    return { result, table, rows: await within.rows(table) };
  };
  const textOf = async (name: string, content: string | Uint8Array) => (await imported({ [name]: content })).rows[0]?.text;
  /** The code of a file's row, which has failed, and why. */
  const faultOf = async (name: string, content: string | Uint8Array, within = fixture) => {
    const [row] = (await imported({ [name]: content }, within)).rows;
    expect(row).toMatchObject({ path: name, _status: 'failed', text: null, pages: null, _error: expect.stringContaining(`${name}: `) });
    return [row?._error_code, row?._error] as [string, string];
  };

  it('should become a row each, in their order, with text, structure and places', async () => {
    const { result, rows } = await imported({
      'in/a.pdf': PDF,
      'b.docx': DOCX,
      'c.md': '# C\r\n\r\n```\n# code\n```\n## D',
      'd.txt': 'plain',
    });
    expect(result.columns.slice(0, 7)).toEqual([
      { name: 'path', type: 'VARCHAR' },
      { name: 'format', type: 'VARCHAR' },
      { name: 'title', type: 'VARCHAR' },
      { name: 'text', type: 'VARCHAR' },
      { name: 'headings', type: 'STRUCT("level" BIGINT, "text" VARCHAR, "start" BIGINT)[]' },
      { name: 'pages', type: 'STRUCT("page" BIGINT, "start" BIGINT)[]' },
      { name: 'bytes', type: 'BIGINT' },
    ]);
    expect(rows).toMatchObject([
      {
        path: 'in/a.pdf',
        format: 'pdf',
        title: 'Tides',
        text: '# On Tides\n\nThere are two tides a day.\nThe moon makes them.\n\n## Heights\n\n| Place | Metres |\n| --- | --- |\n| Fundy | 16 |\n\nBack to text.',
        headings: [
          { level: 1, text: 'On Tides', start: 0 },
          { level: 2, text: 'Heights', start: 61 },
        ],
        pages: [
          { page: 1, start: 0 },
          { page: 2, start: 61 },
        ],
        bytes: PDF.length,
        _status: 'ok',
        _row: 0,
      },
      {
        path: 'b.docx',
        format: 'docx',
        title: 'A letter',
        text: '# One\n\nText of one, 😀.\n\n## Two\n\n| a | b |\n| --- | --- |\n| 1 | 2 \\| 3 |',
        // In characters, as SQL counts them: the smiling one is one.
        headings: [
          { level: 1, text: 'One', start: 0 },
          { level: 2, text: 'Two', start: 24 },
        ],
        pages: null,
        _row: 1,
      },
      { format: 'markdown', title: 'C', text: '# C\n\n```\n# code\n```\n## D', headings: [{ text: 'C' }, { text: 'D', level: 2 }] },
      { format: 'text', title: null, text: 'plain', headings: [], bytes: 5 },
    ]);
    expect(result.counts).toMatchObject({ ok: 4, failed: 0 });
  });

  it('should keep the structure of HTML, and nothing of scripts, styles and what is hidden', async () => {
    const { rows } = await imported({ 'a.html': HTML });
    expect(rows[0]).toMatchObject({ format: 'html', title: 'Hello & more' });
    expect(rows[0]?.text).toBe(
      '# Hello\n\nFirst bold\nline\n\n- one\n  1. deep\n- two\n\n## Table\n\n| k | v |\n| --- | --- |\n| a | 1 |\n\n```\n# not a heading\n```\n\n\\# nor this',
    );
    expect(rows[0]?.headings).toHaveLength(2);
  });

  it('should keep the structure of LaTeX and XML', async () => {
    expect(await textOf('a.tex', LATEX)).toBe(
      '# On Sums\n\n## Intro\n\nWe add x_{1} and more. A note.\n\n- one\n- two\n\n### Table\n\n| a | b |\n| --- | --- |\n| 1 | 2 |',
    );
    expect(await textOf('a.xml', XML)).toBe(
      '# My art\n\n## One\n\nSome bold text.\n\n## item (n: 2)\n\n- name: a\n- price (currency: EUR): 3',
    );
  });

  it('should be what their content says where the ending does not, or lies', async () => {
    const { rows } = await imported({ 'a.txt': PDF, b: DOCX, 'c.pdf': '<html><body>Not found</body></html>', 'd.docx.gz': gzipSync(DOCX) });
    expect(rows.map(({ path, format, _status }) => [path, format, _status])).toEqual([
      ['a.txt', 'pdf', 'ok'],
      ['b', 'docx', 'ok'],
      ['c.pdf', 'html', 'ok'],
      ['d.docx', 'docx', 'ok'],
    ]);
  });

  it('should be read in the encoding that they declare, and in no other', async () => {
    const latin = (text: string) => Buffer.from(text, 'latin1');
    expect(await textOf('a.html', latin('<meta charset="iso-8859-1"><p>café'))).toBe('café');
    expect(await textOf('a.xml', latin('<?xml version="1.0" encoding="ISO-8859-1"?><p>café</p>'))).toBe('café');
    expect(await textOf('a.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('café', 'utf16le')]))).toBe('café');
    const [code, error] = await faultOf('a.txt', latin('one\ncafé'));
    expect(code).toBe('document_broken');
    expect(error).toContain('line 2: byte 4 of the line (0xe9) is no UTF-8');
  });

  it.each<[string, string, string | Uint8Array, string, string]>([
    ['an empty file', 'a.md', '', 'document_empty', 'empty'],
    ['a file of blanks', 'a.html', '<p> </p>', 'document_empty', 'no text'],
    ['a PDF without text', 'a.pdf', pdfOf([[], []]), 'document_empty', 'none of its 2 pages'],
    ['a truncated PDF', 'a.pdf', PDF.subarray(0, 700), 'document_broken', 'no complete PDF'],
    ['an encrypted PDF', 'a.pdf', encryptedPdf(), 'document_encrypted', 'password'],
    [
      'an encrypted DOCX',
      'a.docx',
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('EncryptedPackage', 'utf16le')]),
      'document_encrypted',
      'password',
    ],
    ['another file with the ending of PDF', 'a.pdf', 'hello', 'document_broken', '.pdf'],
    ['a broken DOCX', 'a.docx', DOCX.subarray(0, 500), 'document_broken', ''],
    ['a zip file that is no DOCX', 'a.docx', zipOf({ a: 'b' }), 'document_unknown', 'word/document.xml'],
    ['a file that nothing tells of', 'a.bin', Buffer.from([1, 2, 3]), 'document_unknown', '.docx'],
    ['XML with entities', 'a.xml', LAUGHS, 'document_broken', 'document type'],
    ['DOCX with entities', 'a.docx', docxOf('', { more: { 'word/document.xml': LAUGHS } }), 'document_broken', 'document type'],
    ['XML that is not well-formed', 'a.xml', '<a><b></a>', 'document_broken', 'unexpected close tag'],
    ['HTML that is nested without end', 'a.html', '<div>'.repeat(200_000), 'document_broken', 'nested'],
    [
      'a zip file with too many entries',
      'a.docx',
      zipOf(Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [String(at), '']))),
      'document_broken',
      '10001 entries',
    ],
  ])('should have a failed row for %s', async (_, name, content, code, words) => {
    const [found, error] = await faultOf(name, content);
    expect(found).toBe(code);
    expect(error).toContain(words);
  });

  it('should have a failed row for what is too large, or becomes it', async () => {
    await using small = await Fixture.create({
      limits: { ...LIMITS, import: { ...LIMITS.import, maxDocumentBytes: 200_000, maxRowBytes: 50_000 } },
    });
    const bomb = docxOf(paragraph(' '.repeat(50_000_000)));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await faultOf('bomb.docx', bomb, small))[0]).toBe('document_too_large');
    expect((await imported({ 'bomb.html.gz': gzipSync('x'.repeat(300_000)) }, small)).rows).toMatchObject([
      { path: 'bomb.html', _error_code: 'document_too_large' },
    ]);
    expect((await faultOf('large.html', `<p>${'x'.repeat(200_000)}`, small))[1]).toContain('limits.import.maxDocumentBytes');
    expect((await faultOf('long.md', 'x'.repeat(60_000), small))[1]).toContain('limits.import.maxRowBytes');
  });

  it('should fail alone where reading one does not end, and leave no process', async () => {
    await using slow = await Fixture.create({ limits: { ...LIMITS, import: { ...LIMITS.import, documentTimeoutMs: 15_000 } } });
    const files = { 'a.pdf': PDF, 'endless.pdf': endlessPdf(), 'b.pdf': PDF, 'c.docx': DOCX, 'd.pdf': PDF };
    const { result, rows } = await imported(files, slow);
    expect(rows.map(({ path, _status, _error_code }) => [path, _status, _error_code])).toEqual([
      ['a.pdf', 'ok', null],
      ['endless.pdf', 'failed', 'document_timeout'],
      ['b.pdf', 'ok', null],
      ['c.docx', 'ok', null],
      ['d.pdf', 'ok', null],
    ]);
    expect(result.counts).toMatchObject({
      ok: 4,
      failed: 1,
      errors: { document_timeout: 1 },
      examples: { document_timeout: expect.stringContaining('endless.pdf: reading it took longer than 15000 ms') },
    });
    expect(processesIn(slow.folder)).toEqual([]);
  });

  it('should end with the whole import, however that ends', async () => {
    await using slow = await Fixture.create();
    const stop = new AbortController();
    const work = {
      kind: 'import' as const,
      files: await slow.upload({ 'a.pdf': endlessPdf() }),
      format: 'documents' as const,
      options: { skipBadRows: false },
    };
    const running = slow.jobs.importFiles(work, slow.newKey(), slow.newKey(), { signal: stop.signal });
    running.catch(() => undefined);
    await eventually(async () => processesIn(slow.folder).length >= 2, { what: 'the job and its reader to run' });
    stop.abort(new Error('not wanted'));
    await expect(running).rejects.toThrow('not wanted');
    await eventually(async () => processesIn(slow.folder).length === 0, { what: 'the processes to be gone' });
  });

  it('should be read by hundreds within little memory, several at once', async () => {
    await using many = await Fixture.create({ limits: { ...LIMITS, import: { ...LIMITS.import, memoryMb: 300 } } });
    const text = (at: number) => `<h1>Title ${at}</h1><p>${`Text ${at}. `.repeat(5_000)}</p>`;
    const files = Object.fromEntries(Array.from({ length: 450 }, (_, at) => [`${at}.html`, at % 100 === 99 ? '' : text(at)]));
    const { result, rows } = await imported(files, many);
    expect(result.counts).toMatchObject({ ok: 446, failed: 4, errors: { document_empty: 4 } });
    expect(rows.map(({ path }) => path)).toEqual(Object.keys(files));
    for (const { path, title, _status } of rows) if (_status === 'ok') expect(title).toBe(`Title ${(path as string).replace('.html', '')}`);
  });

  it('should be seen by SQL, statistics and exports with the rows that failed', async () => {
    const { table } = await imported({ 'a.pdf': PDF, 'b.pdf': 'no', 'c.docx': DOCX });
    const counted = await fixture.sqlRows(
      `SELECT _status AS status, count(*) AS n, max(len(pages)) AS pages FROM t GROUP BY 1 ORDER BY 1`,
      { t: table },
    );
    expect(counted).toMatchObject([
      { status: 'failed', n: 1, pages: null },
      { status: 'ok', n: 2, pages: 2 },
    ]);
    expect((await fixture.jobs.describeTable(table)).columns.map(({ name }) => name)).toContain('_error_code');
    expect(JSON.parse(await fixture.export(table, { rows: 'failed' }))).toMatchObject({ path: 'b.pdf', _error_code: 'document_broken' });
    expect((await fixture.export(table, { rows: 'ok' })).trim().split('\n')).toHaveLength(2);
  });

  it('should be split by headings into chunks that are found in them, and on their pages', async () => {
    const { table } = await imported({ 'a.pdf': PDF, 'b.docx': DOCX, 'c.tex': LATEX, 'd.pdf': 'broken' });
    const { part, columns } = await fixture.jobs.splitRows(
      {
        kind: 'split',
        input: table,
        column: 'text',
        by: { kind: 'headings' },
        size: { maxTokens: 1_000, overlapTokens: 0 },
        limits: LIMITS.sql,
      },
      fixture.newKey(),
    );
    const chunks = await fixture.table({ part, columns });
    const found = await fixture.sqlRows(
      `SELECT c.path, c.chunk_heading, substring(d.text, c.chunk_start + 1, c.chunk_end - c.chunk_start) = c.text AS there,
         list_filter(d.pages, lambda p: p.start <= c.chunk_start)[-1].page AS page
       FROM chunks c JOIN docs d USING (path) ORDER BY c.path, c.chunk`,
      { chunks, docs: table },
    );
    expect(found).toEqual([
      { path: 'a.pdf', chunk_heading: 'On Tides', there: true, page: 1 },
      { path: 'a.pdf', chunk_heading: 'On Tides > Heights', there: true, page: 2 },
      { path: 'b.docx', chunk_heading: 'One', there: true, page: null },
      { path: 'b.docx', chunk_heading: 'One > Two', there: true, page: null },
      { path: 'c.tex', chunk_heading: 'On Sums', there: true, page: null },
      { path: 'c.tex', chunk_heading: 'On Sums > Intro', there: true, page: null },
      { path: 'c.tex', chunk_heading: 'On Sums > Intro > Table', there: true, page: null },
    ]);
  });

  it('should be inferred from endings, with plain texts among them', async () => {
    const { columns } = await fixture.import({ 'a.txt': 'a', 'b.md': 'b' });
    expect(columns.map(({ name }) => name)).toEqual(['path', 'text', 'bytes']);
    const mixed = await fixture.import({ 'a.txt': 'a', 'b.html': 'b', 'c.png': 'c' });
    expect(mixed.counts).toMatchObject({ ok: 2, failed: 1, errors: { document_unknown: 1 } });
    await expect(fixture.import({ 'a.pdf': PDF, 'b.csv': 'a\n1\n' })).rejects.toMatchObject({ code: 'bad_input' });
  });

  it('should be read as they come from the world', async () => {
    const names = await readdir(shared).catch(() => []);
    const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(shared, name))] as const)));
    if (names.length === 0) return;
    const { result, rows } = await imported(files);
    expect(result.counts).toMatchObject({ ok: names.length, failed: 0 });
    const row = (name: string) => rows.find(({ path }) => path === name);
    expect(row('5YJaBbNg.pdf')?.text).toContain('| Ativos fixos tangíveis | 3;6;16 | 9.043.306,86 | 10.002.676,38 |');
    expect(row('SkD8Lz8o.pdf')?.pages).toHaveLength(3);
    expect(row('jlKc8eVi.pdf')?.text).toContain('納品書兼御請求書');
  });
});

/** Processes that work in a folder. */
const processesIn = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) && readFileSync(`/proc/${pid}/cmdline`).length > 0;
      } catch {
        return false;
      }
    });
