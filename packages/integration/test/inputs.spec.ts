import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir, type TempDir } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { mailPlan, System } from './support/system.js';

/** Real: everything, spoken to by the built command `apwa`. What the command refuses by itself is tried where it is built. */
describe('the command on a reader’s own data', () => {
  let system: System;
  let dir: TempDir;
  beforeAll(async () => {
    system = await System.start();
    dir = await tempDir();
    await file('reviews.csv', 'id,text\n1,Great food\n2,Bad service\n');
    await file('plan.json', JSON.stringify(mailPlan('reviews')));
  });
  afterAll(async () => {
    await system.stop();
    await dir.remove();
  });

  const file = async (name: string, content: string | Uint8Array) => {
    await mkdir(join(dir.path, name, '..'), { recursive: true });
    await writeFile(join(dir.path, name), content);
  };
  const run = (...args: string[]) => apwa(['run', ...args], { cwd: dir.path, url: system.stack.url });
  const withPlan = async (change: (plan: Record<string, unknown> & { steps: Record<string, unknown>[] }) => void) => {
    const plan = structuredClone(mailPlan('reviews')) as unknown as Parameters<typeof change>[0];
    change(plan);
    await file('changed.json', JSON.stringify(plan));
    return run('--plan', 'changed.json', '-i', 'reviews.csv', '-o', 'nothing.csv');
  };

  describe('refuses with field, value and what is allowed, and leaves no file:', () => {
    afterEach(async () => expect((await readdir(dir.path)).filter((name) => name.startsWith('nothing'))).toEqual([]));

    it.each<[string, string, string | Uint8Array, string[]]>([
      ['a CSV with a ragged line', 'ragged.csv', 'a,b\n1,2\n3\n4,5\n', ['ragged.csv', 'line 3']],
      ['text that is no UTF-8', 'latin.csv', Buffer.from('text\ncaf\xe9\n', 'latin1'), ['latin.csv', 'line 2', 'UTF-8']],
      ['JSONL with a broken line', 'broken.jsonl', '{"a":1}\n{"a":\n{"a":3}\n', ['broken.jsonl', 'line 2']],
    ])('%s', async (_, name, content, words) => {
      await file(name, content);
      const { code, err } = await run('List the email addresses.', '-i', name, '-o', 'nothing.csv');
      for (const word of words) expect(err).toContain(word);
      expect(code).toBe(2);
    });

    it('a column that does not exist', async () => {
      const { code, err } = await withPlan(({ steps }) => {
        steps.push({ id: 'counts', kind: 'sql', inputs: ['mails'], query: 'SELECT colour FROM mails' });
      });
      expect(err).toMatch(/steps\.?\[?1\]?\.query/);
      expect(err).toContain('colour');
      expect(err).toContain('email');
      expect(code).toBe(2);
    });

    it('a placeholder without a column', async () => {
      const { code, err } = await withPlan(({ steps }) => {
        Object.assign(steps[0]?.template as object, { instructions: 'Label {{texts}}' });
      });
      expect(err).toContain('{{texts}}');
      expect(err).toContain('id, text');
      expect(code).toBe(2);
    });

    it('a schema that is no JSON Schema', async () => {
      const { code, err } = await withPlan(({ steps }) => {
        Object.assign(steps[0]?.template as object, { output: { type: 'object', properties: { label: { type: 'word' } } } });
      });
      expect(err).toContain('template.output');
      expect(err).toContain('type');
      expect(code).toBe(2);
    });

    it('a plan with a cycle', async () => {
      const { code, err } = await withPlan((plan) => {
        plan.steps = [
          { id: 'a', kind: 'sql', inputs: ['b'], query: 'SELECT * FROM b' },
          { id: 'b', kind: 'sql', inputs: ['a'], query: 'SELECT * FROM a' },
        ];
        plan.outputs = ['b'];
      });
      expect(err).toContain('plan.steps: these steps wait for each other: a → b → a');
      expect(code).toBe(2);
    });
  });

  it('should put bad lines into a table of their own with --skip-bad-rows, and go on with the others', async () => {
    await file('two-of-three.jsonl', '{"text":"one"}\n{"text":\n{"text":"write to b@example.com"}\n');
    const { code, out } = await run('List the email addresses of each text.', '-i', 'two-of-three.jsonl', '-o', 'skip/', '--skip-bad-rows');
    expect(code).toBe(0);
    expect(out).toContain('2 rows');
    const tables = await apwa(['tables', 'list'], { cwd: dir.path, url: system.stack.url });
    expect(tables.out).toMatch(/two_of_three_rejected +ready +1 /);
  });

  it('should refuse an output that cannot be written before any work is done', async () => {
    await file('blocked/keep.txt', 'a file');
    const { code, err } = await run('List the email addresses.', '-i', 'reviews.csv', '-o', 'blocked/keep.txt/out.csv');
    expect(code).toBe(2);
    expect(err).toContain('--output');
  });

  it('should work through a folder of texts with a goal of its own', async () => {
    for (const [name, text] of Object.entries({
      'texts/a.txt': 'Call 555-0100 now',
      'texts/b.txt': 'Mail a@example.com',
      'texts/c.txt': 'Nothing',
    }))
      await file(name, text);
    const { code } = await run('List the email addresses in each file.', '-i', 'texts/*.txt', '-o', 'mails.jsonl');
    expect(code).toBe(0);
    const rows = (await readFile(join(dir.path, 'mails.jsonl'), 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(3);
    expect(rows.find((row) => row.includes('b.txt'))).toContain('a@example.com');
  });

  it('should fail the row that no model can read, and go on with the others', async () => {
    await file(
      'large.jsonl',
      ['small one', 'x '.repeat(2_000_000), 'mail c@example.com'].map((text) => JSON.stringify({ text })).join('\n'),
    );
    const { code, out } = await run('List the email addresses of each text.', '-i', 'large.jsonl', '-o', 'large.csv');
    expect(code).toBe(3);
    expect(out).toContain('2 rows, 1 failed');
    const failed = await readFile(join(dir.path, 'large.failed.csv'), 'utf8');
    expect(failed.slice(-200)).toContain(',failed,context_exceeded,');
  });
});
