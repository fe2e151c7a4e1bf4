import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failedPath, failuresPath, pathOf } from './download.js';
import { checkFile, readTarget } from './target.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apwa-target-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('--output', () => {
  it('should be a file by its ending, and a folder otherwise', async () => {
    expect(await readTarget(join(folder, 'a.csv'), undefined)).toMatchObject({ kind: 'file', format: 'csv' });
    expect(await readTarget(join(folder, 'new/deep/'), undefined)).toMatchObject({ kind: 'folder', format: 'parquet' });
    expect(await readTarget(folder, 'jsonl')).toMatchObject({ kind: 'folder', format: 'jsonl' });
    expect(await readdir(folder)).toEqual(['new']);
  });

  it.each([
    ['a folder that is a file', async () => (await writeFile(join(folder, 'f'), ''), [join(folder, 'f/a.csv'), undefined]), '--output'],
    ['an unknown ending', async () => [join(folder, 'a.docx'), undefined], '--output'],
    ['an unknown format', async () => [folder, 'xml'], '--format'],
    ['a place that nobody may write', async () => ['/proc/apwa/a.csv', undefined], '--output'],
  ])('should refuse %s before any work', async (_, make, field) => {
    const [output, format] = await make();
    await expect(readTarget(output as string, format)).rejects.toMatchObject({ class: 'refused', details: { field } });
  });
});

it('should find out of a single file, too, whether it can be written', async () => {
  await expect(checkFile(folder)).rejects.toMatchObject({ class: 'refused', details: { field: '--output' } });
  await expect(checkFile('/proc/plan.yaml')).rejects.toMatchObject({ class: 'refused' });
  expect(await checkFile(join(folder, 'plan.yaml'))).toBe(join(folder, 'plan.yaml'));
  expect(await readdir(folder)).toEqual([]);
});

describe('files of a run', () => {
  it('should be the first output, or a file each, with failed rows beside them', () => {
    const file = { kind: 'file', path: '/o/x.jsonl', format: 'jsonl' } as const;
    expect(pathOf(file, { step: 'a', rows: 'ok' }, 'a')).toBe('/o/x.jsonl');
    expect(pathOf(file, { step: 'a', rows: 'failed' }, 'a')).toBe('/o/x.failed.jsonl');
    expect(pathOf(file, { step: 'b', rows: 'ok' }, 'a')).toBeUndefined();
    const all = { kind: 'folder', path: '/o', format: 'csv' } as const;
    expect(pathOf(all, { step: 'b', rows: 'failed' }, 'a')).toBe('/o/b.failed.csv');
    expect(failedPath('a.b/c.parquet')).toBe('a.b/c.failed.parquet');
    expect(failuresPath(all, 'b')).toBe('/o/b.failed.csv');
    expect(failuresPath(file, 'b')).toBe('/o/x.b.failed.jsonl');
  });
});
