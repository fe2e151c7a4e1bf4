import { type JsonObject } from '@apwa/contracts';
import { type TaskAnswer } from '../src/sandbox/tasks.js';
import { Threads } from '../src/sandbox/threads.js';

/** Real: threads as they are built, QuickJS in them. Code does what a model that obeys an attacker would have it do. */
describe('the sandbox', () => {
  let threads: Threads;
  beforeEach(() => {
    threads = new Threads({ size: 1 });
  });
  afterEach(() => threads.close());

  const run = (source: string, given: JsonObject | null = {}, { timeoutMs = 2_000, memoryMb = 64 } = {}) =>
    threads.run(
      { kind: 'javascript', source, function: 'run', given: given && JSON.stringify(given), memoryMb, timeoutMs },
      { timeoutMs, wanted: () => true },
    );
  const output = (value: JsonObject): TaskAnswer => ({ kind: 'output', output: value });
  const failed = (code: string, message: RegExp): unknown => ({
    kind: 'failed',
    code,
    message: expect.stringMatching(message) as string,
  });

  it.each<[string, string]>([
    ['a declaration', 'function run({ n }) { return { n: n + 1 }; }'],
    ['an export', 'export async function run({ n }) { await null; return { n: n + 1 }; }'],
    ['a default export', 'export default function run({ n }) { return { n: n + 1 }; }'],
    ['a constant', 'const run = ({ n }) => ({ n: n + 1 });\nconsole.log(run);\nexport { run }; // the end'],
  ])('should call a function that is %s', async (_, source) => {
    expect(await run(source, { n: 1 })).toEqual(output({ n: 2 }));
    expect(await run(source, null)).toEqual({ kind: 'loaded' });
  });

  it.each<[string, string, string, RegExp]>([
    ['breaks the syntax', 'function run() {\n  return (;\n}', 'capability_syntax', /line 2/],
    ['has no such function', 'function other() {}', 'capability_syntax', /no function run at its top level/],
    ['has another thing of that name', 'const run = 1;', 'capability_syntax', /run is no function/],
    ['throws when it is loaded', 'null.x;\nfunction run() {}', 'capability_load_failed', /TypeError: .* \(line 1\)/],
    ['imports', "import fs from 'fs';\nfunction run() {}", 'capability_load_failed', /could not load module/],
    ['waits for ever', 'await new Promise(() => {});\nfunction run() {}', 'capability_load_failed', /never comes/],
  ])('should say what is wrong with code that %s', async (_, source, code, message) => {
    expect(await run(source, null)).toEqual({ kind: 'unusable', code, message: expect.stringMatching(message) as string });
  });

  it.each<[string, string, string, RegExp]>([
    ['throws', 'function run() {\n  null.x;\n}', 'capability_failed', /TypeError: .* \(line 2\)/],
    ['throws what is no error', 'function run() { throw null; }', 'capability_failed', /threw null/],
    ['imports', "async function run() { await import('fs'); return {}; }", 'capability_failed', /could not load module/],
    ['calls itself for ever', 'function run() { return run(); }', 'capability_failed', /stack/],
    ['loops for ever', 'function run() { for (;;); }', 'capability_timeout', /longer than 500 ms/],
    ['loops where nothing interrupts it', "function run() { return { n: (new Array(1e9) + '').length }; }", 'capability_timeout', /500 ms/],
    ['backtracks', "function run() { return { n: /(a+)+$/.test('a'.repeat(40) + 'b') }; }", 'capability_timeout', /500 ms/],
    ['loops while it is written down', 'function run() { return { toJSON() { for (;;); } }; }', 'capability_timeout', /500 ms/],
    ['promises and does not keep it', 'function run() { return new Promise(() => {}); }', 'capability_bad_output', /nothing settles/],
    ['returns no object', 'function run() { return [1]; }', 'capability_bad_output', /no object/],
    ['returns nothing', 'function run() {}', 'capability_bad_output', /undefined/],
    ['returns too much', "function run() { return { text: 'x'.repeat(2_000_000) }; }", 'capability_bad_output', /2000011 characters/],
  ])('should end a call that %s, and go on', async (_, source, code, message) => {
    expect(await run(source, {}, { timeoutMs: 500 })).toEqual(failed(code, message));
    expect(await run('function run() { return { n: 1 }; }')).toEqual(output({ n: 1 }));
  });

  it('should end a call that takes all memory', async () => {
    const source = 'function run() { const all = []; for (;;) all.push({ n: all.length }); }';
    expect(await run(source, {}, { timeoutMs: 20_000, memoryMb: 4 })).toEqual(failed('capability_out_of_memory', /more than 4 MiB/));
    expect(await run('function run() { return { n: 1 }; }')).toEqual(output({ n: 1 }));
  });

  it('should hold nothing of the host, and nothing of the call before', async () => {
    const names = ['process', 'require', 'fetch', 'setTimeout', 'std', 'os', 'WebAssembly', 'Worker', 'module', 'left'];
    const source = `function run() {
      const found = ${JSON.stringify(names)}.filter((name) => typeof globalThis[name] !== 'undefined');
      globalThis.left = 1;
      Object.prototype.polluted = 1;
      JSON.parse = null;
      return { found, escaped: Function('return typeof process')() + run.constructor.constructor('return typeof require')() };
    }`;
    const clean = output({ found: [], escaped: 'undefinedundefined' });
    expect(await run(source)).toEqual(clean);
    expect(await run(source)).toEqual(clean);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('should have calls of others wait no longer than for its limit, and not notice', async () => {
    const endless = run('function run() { for (;;); }', {}, { timeoutMs: 300 });
    const others = Promise.all([1, 2, 3].map((n) => run('function run({ n }) { return { n }; }', { n })));
    expect(await endless).toEqual(failed('capability_timeout', /300 ms/));
    expect(await others).toEqual([1, 2, 3].map((n) => output({ n })));
  });

  it('should begin nothing that is not wanted any more', async () => {
    const endless = run('function run() { for (;;); }', {}, { timeoutMs: 300 });
    let wanted = true;
    const task = { kind: 'javascript', source: '', function: 'run', given: '{}', memoryMb: 64, timeoutMs: 100 } as const;
    const waiting = threads.run(task, { timeoutMs: 100, wanted: () => wanted });
    wanted = false;
    threads.wake();
    expect(await waiting).toBeNull();
    await endless;
  });

  it('should end built-in capabilities on arguments by which they would never end', async () => {
    const builtin = (id: string, given: JsonObject) => threads.run({ kind: 'builtin', id, given }, { timeoutMs: 500, wanted: () => true });
    const backtracking = { text: `${'a'.repeat(50)}b`, pattern: '(a+)+$', regex: true };
    expect(await builtin('builtin:text_search', backtracking)).toEqual(failed('capability_timeout', /500 ms/));
    expect(await builtin('builtin:text_search', { text: 'a', pattern: '(', regex: true })).toEqual(failed('invalid_arguments', /pattern/));
    const replaced = { ...backtracking, replacement: '' };
    expect(await builtin('builtin:text_replace', replaced)).toEqual(failed('capability_timeout', /500 ms/));
    expect(await builtin('builtin:json_query', { json: { a: 1 }, path: '$.a' })).toEqual(output({ count: 1, values: [1] }));
    const table = { tables: 1, columns: ['a'], count: 1, rows: [{ a: '1' }] };
    for (const [format, text] of [
      ['csv', 'a\n1'],
      ['markdown', '| a |\n|---|\n| 1 |'],
      ['html', '<table><tr><th>a</th></tr><tr><td>1</td></tr></table>'],
    ] as const)
      expect(await builtin('builtin:table_read', { text, format })).toEqual(output(table));
  });
});
