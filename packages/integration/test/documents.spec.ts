import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Plan } from '@apwa/contracts';
import { docxOf, encryptedPdf, paragraph, pdfOf, tempDir, type TempDir } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { mailPlan, System } from './support/system.js';

const page = (heading: string, text: string) => [
  { text: heading, x: 50, y: 780, size: 24 },
  { text, x: 50, y: 750, size: 12 },
];
const PDF = pdfOf([page('First', 'Write to pdf1@example.com'), page('Second', 'Write to pdf2@example.com')]);
const FILES: Record<string, string | Uint8Array> = {
  'a.pdf': PDF,
  'broken.pdf': PDF.subarray(0, 500),
  'deep/b.docx': docxOf(paragraph('Letter', 1) + paragraph('Write to docx@example.com')),
  'deep/c.html': '<h1>Page</h1><p>Write to html@example.com</p>',
  'deep/d.tex': '\\documentclass{article}\\begin{document}\\section{Note}Write to latex@example.com\\end{document}',
  'deep/e.xml': '<?xml version="1.0"?><note><to>xml@example.com</to></note>',
  'f.md': '# Notes\n\nWrite to markdown@example.com',
  'g.txt': 'Write to text@example.com',
  'laughs.xml': '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>',
  'locked.pdf': encryptedPdf(),
};
const FAILED = ['broken.pdf', 'laughs.xml', 'locked.pdf'];
const TOTAL = `of 10 rows 3 failed (document_broken 2, document_encrypted 1)`;

const PLAN: Plan = {
  version: 1,
  steps: [
    ...mailPlan('papers').steps,
    { id: 'chunks', kind: 'split', input: 'papers', column: 'text', by: { kind: 'headings' }, maxTokens: 1_000, overlapTokens: 0 },
    {
      id: 'found',
      kind: 'sql',
      inputs: ['papers', 'chunks'],
      query: `SELECT c.path, c.chunk_heading, substring(p.text, c.chunk_start + 1, c.chunk_end - c.chunk_start) = c.text AS there,
                list_filter(p.pages, lambda one: one.start <= c.chunk_start)[-1].page AS page
              FROM chunks c JOIN papers p USING (path) ORDER BY c.path, c.chunk`,
    },
  ],
  outputs: ['mails', 'found'],
};

/** Real: everything, spoken to by the built command `apwa`; the offline model answers. */
describe('documents', () => {
  let system: System;
  let dir: TempDir;
  beforeAll(async () => {
    system = await System.start();
    dir = await tempDir();
    for (const [name, content] of Object.entries(FILES)) {
      await mkdir(dirname(join(dir.path, 'papers', name)), { recursive: true });
      await writeFile(join(dir.path, 'papers', name), content);
    }
    await writeFile(join(dir.path, 'plan.json'), JSON.stringify(PLAN));
  });
  afterAll(async () => {
    await system.stop();
    await dir.remove();
  });
  const run = (...args: string[]) => apwa(args, { cwd: dir.path, url: system.stack.url });
  const lines = async (name: string) =>
    (await readFile(join(dir.path, name), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('should become a table of all files of a folder, in which those that cannot be read are failed rows', async () => {
    const imported = await run('tables', 'import', 'papers/');
    expect(imported).toMatchObject({ code: 0, err: '' });
    expect(imported.out).toContain(TOTAL);
    const id = /tbl_\w+/.exec(imported.out)?.[0] ?? '';
    expect(await system.client.tables.get(id)).toMatchObject({
      rows: 10,
      failures: { failed: 3, errors: { document_broken: 2, document_encrypted: 1 } },
    });
    const { rows } = await system.client.tables.head(id, 100);
    expect(rows.map(({ path }) => path)).toEqual(Object.keys(FILES).sort());
    expect(rows.filter(({ _status }) => _status === 'failed').map(({ path, text }) => [path, text])).toEqual(
      FAILED.map((path) => [path, null]),
    );
    expect(rows.filter(({ path, _error }) => typeof _error === 'string' && _error.startsWith(`${path as string}: `))).toHaveLength(3);
    await run('tables', 'export', id, 'why.jsonl', '--rows', 'failed');
    expect((await lines('why.jsonl')).map(({ path }) => path)).toEqual(FAILED);
  });

  it('should be asked about and split like any rows, those that failed being failed rows of the next step', async () => {
    const { code, out } = await run('run', '--plan', 'plan.json', '-i', 'papers=papers/**/*.*', '-o', 'out/', '--format', 'jsonl');
    expect(out).toContain('3 failed (input_failed 3)');
    expect(out).toContain(`input papers: ${TOTAL}`);
    expect(code).toBe(3);
    const mails = (await lines('out/mails.jsonl')).map(({ path, email }) => [path, email]);
    expect(mails).toEqual([
      ['a.pdf', 'pdf1@example.com'],
      ['deep/b.docx', 'docx@example.com'],
      ['deep/c.html', 'html@example.com'],
      ['deep/d.tex', 'latex@example.com'],
      ['deep/e.xml', 'xml@example.com'],
      ['f.md', 'markdown@example.com'],
      ['g.txt', 'text@example.com'],
    ]);
    expect((await lines('out/mails.failed.jsonl')).map(({ path, _error_code }) => [path, _error_code])).toEqual(
      FAILED.map((path) => [path, 'input_failed']),
    );
    expect(await lines('out/found.jsonl')).toEqual([
      { path: 'a.pdf', chunk_heading: 'First', there: true, page: 1 },
      { path: 'a.pdf', chunk_heading: 'Second', there: true, page: 2 },
      { path: 'deep/b.docx', chunk_heading: 'Letter', there: true, page: null },
      { path: 'deep/c.html', chunk_heading: 'Page', there: true, page: null },
      { path: 'deep/d.tex', chunk_heading: 'Note', there: true, page: null },
      { path: 'deep/e.xml', chunk_heading: 'note', there: true, page: null },
      { path: 'f.md', chunk_heading: 'Notes', there: true, page: null },
      { path: 'g.txt', chunk_heading: null, there: true, page: null },
    ]);
  });
});
