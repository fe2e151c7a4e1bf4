import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInputs, splitInput, tableNameOf } from './inputs.js';
import { readPlanFile } from './plan-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apwa-inputs-'));
});
afterEach(() => rm(folder, { recursive: true }));
const put = async (name: string, content = 'a\n1\n') => {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
};

describe('names of tables', () => {
  it.each([
    ['reviews.csv', 'reviews'],
    ['/data/My Reviews (2).csv.gz', 'my_reviews_2'],
    ['2024.jsonl', 't_2024'],
    ['données.csv', 'donnees'],
    ['日本.csv', 'records'],
    ['letters/', 'letters'],
    ['letters/*.txt', 'records'],
  ])('should make of %s %s', (path, name) => {
    expect(tableNameOf(path)).toBe(name);
  });

  it('should be told by NAME=, and leave other equals signs alone', () => {
    expect(splitInput('mine=a=b.csv')).toEqual({ name: 'mine', path: 'a=b.csv' });
    expect(splitInput('./a=b.csv')).toEqual({ path: './a=b.csv' });
  });
});

describe('inputs', () => {
  it('should take a file, a folder and a glob', async () => {
    await put('letters/b.txt');
    await put('letters/deep/a.txt');
    await put('letters/.hidden.txt');
    const file = await put('reviews.csv');
    const [reviews, letters, some] = await readInputs([file, join(folder, 'letters'), `some=${folder}/letters/*.txt`]);
    expect(reviews).toMatchObject({ name: 'reviews', format: 'csv', files: [{ name: 'reviews.csv', bytes: 4 }] });
    expect(letters?.files.map(({ name }) => name)).toEqual(['b.txt', 'deep/a.txt']);
    expect(some?.files.map(({ name }) => name)).toEqual(['b.txt']);
  });

  it('should take a folder with documents as documents, with plain texts and files of unknown endings among them', async () => {
    for (const name of ['mixed/a.pdf', 'mixed/b.md', 'mixed/c.unknown', 'texts/a.md', 'texts/b.txt']) await put(name);
    await put('mixed/empty.docx', '');
    const [mixed, texts, told] = await readInputs([join(folder, 'mixed'), join(folder, 'texts'), `told=${folder}/texts/*.md`]);
    expect([mixed?.format, mixed?.files.length, texts?.format, told?.format]).toEqual(['documents', 4, 'text', 'text']);
    expect((await readInputs([join(folder, 'texts')], 'documents'))[0]?.format).toBe('documents');
    await expect(readInputs([join(folder, 'texts')], 'word')).rejects.toMatchObject({
      details: { field: '--input-format', value: 'word', allowed: expect.stringContaining('documents') },
    });
  });

  it.each([
    ['a missing file', async () => [join(folder, 'none.csv')], 'there is no such file'],
    ['an empty file', async () => [await put('empty.csv', '')], 'is empty'],
    ['an unknown ending', async () => [await put('a.png')], 'ending'],
    ['an empty folder', async () => (await mkdir(join(folder, 'void')), [join(folder, 'void')]), 'no files'],
    ['files of several kinds', async () => (await put('mix/a.csv'), await put('mix/b.jsonl'), [join(folder, 'mix')]), 'several kinds'],
    ['documents and records', async () => (await put('mix/a.csv'), await put('mix/b.pdf'), [join(folder, 'mix')]), 'several kinds'],
    ['a name that SQL cannot take', async () => [`Bad_Name=${await put('a.csv')}`], 'cannot be the name'],
    ['two inputs of one name', async () => [await put('a.csv'), await put('x/a.csv')], 'Two inputs'],
  ])('should refuse %s', async (_, make, message) => {
    await expect(make().then(readInputs)).rejects.toMatchObject({
      class: 'refused',
      message: expect.stringContaining(message),
      details: { field: '--input', allowed: expect.any(String) },
    });
  });
});

describe('plan files', () => {
  const plan = { version: 1, steps: [{ id: 'a', kind: 'sql', inputs: ['t'], query: 'SELECT 1' }], outputs: ['a'] };
  it('should be YAML or JSON', async () => {
    expect((await readPlanFile(await put('plan.json', JSON.stringify(plan)))).steps).toHaveLength(1);
    const yaml = 'version: 1\nsteps: [{id: a, kind: sql, inputs: [t], query: SELECT 1}]\noutputs: [a]\n';
    expect(await readPlanFile(await put('plan.yaml', yaml))).toEqual(plan);
  });

  it('should have the files of their functions in them', async () => {
    const given = { kind: 'python', name: 'language', description: 'x', input: {}, output: {}, sourceFile: 'code/language.py' };
    await put('code/language.py', 'def run(): pass');
    const read = await readPlanFile(await put('plan.json', JSON.stringify({ ...plan, capabilities: [given] })));
    expect(read.capabilities).toMatchObject([{ name: 'language', source: 'def run(): pass' }]);
    const wrong = { ...plan, capabilities: [{ ...given, sourceFile: 'code/lang.py' }] };
    await expect(readPlanFile(await put('plan.json', JSON.stringify(wrong)))).rejects.toMatchObject({
      class: 'refused',
      details: { field: 'capabilities[0].sourceFile', value: 'code/lang.py' },
    });
  });

  it.each([
    [
      'an unknown key',
      JSON.stringify({ ...plan, stepz: [] }),
      { field: 'stepz', value: 'stepz', allowed: 'version, capabilities, steps, outputs' },
    ],
    [
      'an unknown key of a step',
      JSON.stringify({ ...plan, steps: [{ ...plan.steps[0], querry: 'x' }] }),
      { field: 'steps[0].querry', value: 'querry', allowed: expect.stringContaining('query') },
    ],
    ['another version', JSON.stringify({ ...plan, version: 9 }), { field: 'version', value: '9', allowed: '1' }],
    [
      'a kind of step that there is not',
      JSON.stringify({ ...plan, steps: [{ id: 'a', kind: 'mapp' }] }),
      { allowed: 'map, sql, table, split, reduce' },
    ],
    ['something missing', JSON.stringify({ version: 1, steps: plan.steps }), { field: 'outputs', message: 'is missing (array)' }],
    ['nothing of a plan', '"hello"', { field: 'plan', value: 'hello' }],
  ])('should be refused with %s, saying where, what and what is allowed', async (_, text, fault) => {
    await expect(readPlanFile(await put('plan.yaml', text))).rejects.toMatchObject({
      class: 'refused',
      code: 'invalid_plan',
      details: { faults: expect.arrayContaining([expect.objectContaining(fault)]) },
    });
  });

  it('should be refused where they are no document, or not there', async () => {
    const refused = { class: 'refused', details: { field: '--plan', allowed: expect.any(String) } };
    await expect(readPlanFile(await put('plan.yaml', '{ a: ['))).rejects.toMatchObject(refused);
    await expect(readPlanFile(join(folder, 'none.yaml'))).rejects.toMatchObject(refused);
  });
});
