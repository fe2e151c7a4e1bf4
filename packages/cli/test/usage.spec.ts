import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from './support/apwa.js';

/** The built command as a process. Nothing listens where it would look: what it refuses, it refuses before it connects. */
let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'apwa-usage-'));
  await writeFile(join(cwd, 'a.csv'), 'text\nhello\n');
  await writeFile(join(cwd, 'empty.csv'), '');
  await writeFile(join(cwd, 'broken.yaml'), '{ a: [');
  await writeFile(
    join(cwd, 'plan.yaml'),
    '{ version: 1, outputs: [labels], steps: [{ id: labels, kind: map, input: a, template: { instructions: x, output: { type: object } } }] }',
  );
  await writeFile(join(cwd, 'unknown.json'), '{"version":1,"stepz":[]}');
});
afterAll(() => rm(cwd, { recursive: true }));

const env = { APWA_URL: 'http://127.0.0.1:1' };
const apwa = (...args: string[]) => start('main.js', args, { cwd, env }).ended;
const inputs = ['-i', 'a.csv'];
const output = ['-o', 'out.csv'];

it.each([
  ['main.js', [], ['run', 'plan', 'tables', 'capabilities', 'pools', 'keys', 'Exit codes', 'APWA_URL', 'APWA_KEY', '--key-file']],
  [
    'main.js',
    ['run'],
    [
      '--input',
      '--output',
      '--plan',
      '--approve',
      '--quote',
      '--amendments',
      '--allow-unsafe',
      '--concurrency',
      '--reuse',
      '--json',
      '--skip-bad-rows',
    ],
  ],
  ['main.js', ['plan'], ['GOAL', '--input', '--quote', 'schema']],
  ['main.js', ['try'], ['PLAN', '--step', '--rows', '--against', '--input']],
  ['main.js', ['runs'], ['plan', 'approve', 'edit', 'cancel']],
  ['main.js', ['capabilities'], ['list', '[QUERY]', 'show', 'add', '[FILE]', 'remove']],
  ['main.js', ['keys', 'create'], ['NAME', '--scope', 'read', 'run', 'admin', '--expires']],
  ['demo/main.js', [], ['examples/pii', 'OPENAI_API_KEY']],
  ['dev/main.js', [], ['--port']],
])('should tell of itself: %s %j --help', async (program, args, words) => {
  const { code, out } = await start(program, [...args, '--help'], { cwd }).ended;
  expect(code).toBe(0);
  for (const word of words) expect(out).toContain(word);
});

describe('wrong usage', () => {
  it.each<[string, string[], string[]]>([
    ['an unknown option', ['run', 'x', '--ouput', 'a.csv'], ['--ouput', 'Did you mean --output?']],
    ['an unknown command', ['tabels'], ['tabels', 'Did you mean tables?']],
    ['no goal and no plan', ['run', ...inputs, ...output], ['GOAL', '--plan FILE']],
    ['an empty goal', ['run', ' ', ...inputs, ...output], ['GOAL']],
    ['a goal without inputs', ['run', 'x', ...output], ['--input', '[NAME=]PATH']],
    ['a goal that is too long', ['run', 'a'.repeat(100_000), ...inputs, ...output], ['100000 characters', '20000']],
    ['a missing file', ['run', 'x', '-i', 'none.csv', ...output], ['--input', 'none.csv']],
    ['a glob that matches nothing', ['run', 'x', '-i', '*.jsonl', ...output], ['--input', '*.jsonl']],
    ['an empty file', ['run', 'x', '-i', 'empty.csv', ...output], ['empty.csv is empty']],
    ['no output', ['run', 'x', ...inputs], ['--output']],
    ['an output that nobody can write', ['run', 'x', ...inputs, '-o', '/proc/x/y.csv'], ['--output', '/proc/x/y.csv']],
    ['an output of no known format', ['run', 'x', ...inputs, '-o', 'a.docx'], ['--output', '.parquet, .csv, .jsonl']],
    ['a plan that cannot be written', ['plan', 'x', ...inputs, '-o', '/proc/x/plan.yaml'], ['--output', '/proc/x']],
    ['a plan file that is no document', ['run', '--plan', 'broken.yaml', ...inputs, ...output], ['broken.yaml', 'neither YAML nor JSON']],
    [
      'unknown keys of a plan',
      ['run', '--plan', 'unknown.json', ...inputs, ...output],
      ['stepz', 'allowed: version, capabilities, steps, outputs'],
    ],
    ['an impossible concurrency', ['run', 'x', ...inputs, ...output, '--concurrency', '0'], ['--concurrency', '1 to 100,000']],
    ['more amendments than there can be', ['run', 'x', ...inputs, ...output, '--amendments', '21'], ['--amendments', '0 to 20']],
    [
      'what is no capability to allow',
      ['run', 'x', ...inputs, ...output, '--allow-unsafe', 'yes'],
      ['--allow-unsafe yes', 'http:send_mail'],
    ],
    ['an unknown place to take answers from', ['run', 'x', ...inputs, ...output, '--reuse', 'yes'], ['--reuse', 'any, off', 'ids of runs']],
    ['an unknown way to approve', ['run', 'x', ...inputs, ...output, '--approve', 'maybe'], ['--approve', 'auto, ask']],
    ['asking where nobody can answer', ['run', 'x', ...inputs, ...output, '--approve', 'ask'], ['--approve', 'terminal']],
    ['a quote of no rows', ['run', 'x', ...inputs, ...output, '--quote', '0'], ['--quote', '2 to 1,000']],
    ['a quote of a million rows', ['plan', 'x', ...inputs, '--quote', '1000000'], ['--quote', '2 to 1,000']],
    ['a try of no rows', ['try', 'plan.yaml', '--rows', '0', ...inputs], ['--rows', '2 to 1,000']],
    ['a try of a step that is not there', ['try', 'plan.yaml', '--step', 'lables', ...inputs], ['--step', 'lables', 'labels']],
    ['a try against no plan', ['try', 'plan.yaml', '--against', 'unknown.json', ...inputs], ['unknown.json', 'stepz']],
    ['an impossible version of a plan', ['runs', 'plan', 'run_1', '--version', '0'], ['--version', '1 to 1,000,000']],
    ['an approval of no version', ['runs', 'approve', 'run_1', '--version', 'last'], ['--version', 'last']],
    ['an edit where nobody can edit', ['runs', 'edit', 'run_1'], ['--plan FILE', 'terminal']],
    ['an edit by a file that is no plan', ['runs', 'edit', 'run_1', '--plan', 'unknown.json'], ['stepz', 'steps']],
    ['a redrive with templates that are no document', ['runs', 'redrive', 'run_1', '-t', 'broken.yaml'], ['--template', 'broken.yaml']],
    [
      'a redrive with templates of no step',
      ['runs', 'redrive', 'run_1', '-t', 'unknown.json'],
      ['--template', 'version', '"instructions"'],
    ],
    ['a prune of no age', ['tables', 'prune', '--yes'], ['--older-than', '30d']],
    ['a prune of a negative age', ['tables', 'prune', '--older-than', '-3d', '--yes'], ['--older-than', '-3d', '30d']],
    ['a prune that nobody can be asked about', ['tables', 'prune', '--older-than', '30d'], ['--yes', '--dry-run', 'terminal']],
    ['a deletion that nobody can be asked about', ['tables', 'delete', 'tbl_1'], ['--yes', 'terminal']],
    ['an impossible age of orphans', ['storage', 'check', '--older-than', 'soon'], ['--older-than', 'soon', '24h']],
    ['a capability in no file', ['capabilities', 'add', 'none.yaml'], ['FILE', 'none.yaml']],
    ['a file with no capability', ['capabilities', 'add', 'a.csv'], ['FILE', 'a.csv', 'kind, name, description']],
    ['an impossible name of a capability', ['capabilities', 'show', 'Luhn@last'], ['NAME', 'Luhn@last', 'luhn@2']],
    ['the removal of a version', ['capabilities', 'remove', 'luhn@2'], ['all of their versions', 'luhn']],
    ['a key for nothing', ['keys', 'create', 'ci'], ['--scope', 'read', 'run', 'admin']],
    ['a key for everything', ['keys', 'create', 'ci', '--scope', 'root'], ['--scope root', 'read', 'run', 'admin']],
    ['an impossible expiry of a key', ['keys', 'create', 'ci', '--scope', 'run', '--expires', 'soon'], ['--expires', 'soon', '30d']],
    ['a key file that is not there', ['runs', 'list', '--key-file', 'none.key'], ['--key-file', 'none.key', 'ENOENT']],
    ['a key file with no key', ['--key-file', 'a.csv', 'runs', 'list'], ['a.csv holds no key', 'apwa_']],
    ['a key as an argument', ['runs', 'list', '--key', 'apwa_x'], ["unknown option '--key'"]],
    ['an impossible number of rows', ['tables', 'head', 'tbl_1', '-n', 'many'], ['--rows', '1 to 1,000']],
  ])('should end with 2 and say what is allowed: %s', async (_, args, words) => {
    const { code, out, err } = await apwa(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    for (const word of words) expect(err).toContain(word);
  });

  it('should refuse an address of the manager that is none', async () => {
    const { code, err } = await start('main.js', ['runs', 'list'], { cwd, env: { APWA_URL: 'here' } }).ended;
    expect(code).toBe(2);
    expect(err).toContain('APWA_URL here');
  });

  it('should refuse keys that are none, and not show them', async () => {
    const { code, err } = await start('main.js', ['runs', 'list'], { cwd, env: { ...env, APWA_KEY: 'sk-canary' } }).ended;
    expect(code).toBe(2);
    expect(err).toContain('APWA_KEY holds no key');
    expect(err).not.toContain('canary');
  });

  it('should refuse to manage the keys of no manager', async () => {
    const { code, err } = await start('main.js', ['keys', 'list'], { cwd }).ended;
    expect(code).toBe(2);
    expect(err).toContain('APWA_URL');
  });

  it('should be told from a manager that is away', async () => {
    const { code, err } = await apwa('tables', 'list');
    expect(code).toBe(1);
    expect(err).toContain('http://127.0.0.1:1 cannot be reached');
  });
});
