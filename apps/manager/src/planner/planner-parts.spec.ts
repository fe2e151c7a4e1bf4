import { Config } from '@apwa/config';
import { PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { type ChatMessage } from '@apwa/model';
import { fitContext } from './context.js';
import { cut, fence, shortenValues } from './fence.js';
import { rejection, systemPrompt, taskPrompt } from './prompt.js';
import { fitRows, listed } from './shown.js';
import { surroundingsOf } from './surroundings.js';
import { decideRetry, shownUrl } from './retry.js';
import { plannerTools, toldTools } from './tool-definitions.js';

const place = { name: 'small', baseUrl: 'http://127.0.0.1:9/v1' };

describe('retries of the planner', () => {
  const tried = { tries: 1, elapsedMs: 0, random: 0.5 };

  it('should wait as long as the endpoint says', () => {
    const limited = new TransientError('rate_limited', 'slow down', { retryAfterMs: 7_000 });
    expect(decideRetry(limited, tried, place)).toEqual({ decision: 'again', afterMs: 7_000 });
  });

  it('should back off', () => {
    const waits = [1, 2, 3].map((tries) => decideRetry(new TransientError('provider_error', '500'), { ...tried, tries }, place));
    expect(waits.map((wait) => (wait.decision === 'again' ? wait.afterMs : null))).toEqual([500, 1_000, 2_000]);
  });

  it('should give up an unreachable model after some time, naming its address', () => {
    const gone = new TransientError('connection', 'connect ECONNREFUSED');
    expect(decideRetry(gone, { ...tried, tries: 4, elapsedMs: 5_000 }, place).decision).toBe('again');
    const given = decideRetry(gone, { ...tried, tries: 8, elapsedMs: 19_000 }, place);
    expect(given).toMatchObject({
      decision: 'give_up',
      error: { code: 'model_unreachable', class: 'permanent', details: { value: place.baseUrl } },
    });
  });

  it('should make what lasts permanent, so that the run ends with it', () => {
    const given = decideRetry(new TransientError('provider_error', '500'), { ...tried, tries: 6 }, place);
    expect(given).toMatchObject({ decision: 'give_up', error: { code: 'provider_error', class: 'permanent' } });
  });

  it.each([new RefusedError('authentication', '401'), new PermanentError('filtered', 'no')])('should not try %s again', (error) => {
    expect(decideRetry(error, tried, place)).toEqual({ decision: 'give_up', error });
  });

  it('should show addresses without passwords', () => expect(shownUrl('https://me:secret@host/v1')).toBe('https://host/v1'));
});

describe('what the planner sees', () => {
  it('should be fenced by a mark that data cannot know', () => {
    const [first, second] = [fence('x'), fence('x')];
    expect(first).not.toBe(second);
    const mark = /<data ([0-9a-f]{16})>/.exec(first)?.[1] ?? '';
    expect(first.split(mark)).toHaveLength(4);
  });

  it('should say where it was cut', () => expect(cut('x'.repeat(100), 10)).toContain('90 more characters'));

  it('should have long values shortened', () => {
    const row = shortenValues({ text: 'x'.repeat(500), n: 1, list: ['y'.repeat(500)] }, 20);
    expect(JSON.stringify(row).length).toBeLessThan(140);
    expect(row.n).toBe(1);
  });

  it('should fit the context: old results go first, prompts and the latest results stay', () => {
    const result = (id: string): ChatMessage => ({ role: 'tool', tool_call_id: id, content: `${id} ${'x'.repeat(4_000)}` });
    const call: ChatMessage = { role: 'assistant', content: null };
    const messages: ChatMessage[] = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'u' },
      call,
      result('a'),
      call,
      result('b'),
      call,
      result('c'),
    ];
    const fitted = fitContext(messages, 5_000);
    expect(fitted).toHaveLength(messages.length);
    expect(fitted.map(({ content }) => content?.slice(0, 5))).toEqual([
      's',
      'u',
      undefined,
      '(left',
      undefined,
      'b xxx',
      undefined,
      'c xxx',
    ]);
    expect(fitContext(messages, 100_000)).toBe(messages);
  });

  it('should fit the context with many drafts: the latest stays whole, those before it stay calls', () => {
    const draft = (id: string): ChatMessage => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ id, type: 'function', function: { name: 'try_template', arguments: JSON.stringify({ plan: 'p'.repeat(3_000) }) } }],
    });
    const result = (id: string): ChatMessage => ({ role: 'tool', tool_call_id: id, content: 'ok' });
    const messages: ChatMessage[] = [{ role: 'system', content: 's' }, ...['a', 'b', 'c'].flatMap((id) => [draft(id), result(id)])];
    const fitted = fitContext(messages, 3_000);
    const argumentsOf = fitted.flatMap((message) =>
      message.role === 'assistant' ? (message.tool_calls ?? []).map((call) => call.function.arguments) : [],
    );
    expect(argumentsOf.map((text) => text.length > 1_000)).toEqual([false, false, true]);
    expect(argumentsOf.every((text) => typeof JSON.parse(text) === 'object')).toBe(true);
    expect(JSON.stringify(fitted).length).toBeLessThan(3_000 * 2.5);
  });

  it('should show few long values at greater length than many', () => {
    const text = 'x'.repeat(5_000);
    const [one] = fitRows([{ text }]);
    expect(String(one?.text)).toHaveLength(5_000);
    const many = fitRows(Array.from({ length: 20 }, () => ({ text, n: 1 })));
    expect(JSON.stringify(many).length).toBeLessThan(9_500);
    expect(String(many[19]?.text)).toContain('(5000 characters)');
  });

  it('should list every table, however many columns there are, without those of the machinery', () => {
    const columns = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `a_column_with_a_name_${i}`, type: 'VARCHAR' }));
    const tables = Array.from({ length: 30 }, (_, i) => ({ name: `table_${i}`, rows: i, columns: columns(i === 7 ? 300 : 3) }));
    const text = JSON.stringify(listed(tables));
    expect(text.length).toBeLessThan(8_000);
    expect(tables.every(({ name }) => text.includes(`"${name}"`))).toBe(true);
    expect(text).toContain('300 columns, left out');
    const documents = JSON.stringify(listed([{ name: 'd', rows: 1, columns: [...columns(1), { name: '_status', type: 'VARCHAR' }] }]));
    expect(documents).not.toContain('"_status"');
    expect(documents).toContain('1 columns of the machinery');
  });
});

const prices = (input: number, output: number) => ({ input, cacheRead: input, cacheWrite: input, output });
const models = {
  small: { endpoints: [{ baseUrl: 'http://h/v1', name: 's', prices: prices(0.1, 0.4), contextTokens: 32_000 }] },
  dear: { endpoints: [{ baseUrl: 'http://h/v1', name: 'd', prices: prices(5, 20) }] },
  middle: {
    endpoints: [
      { baseUrl: 'http://a/v1', name: 'm', prices: prices(1, 3) },
      { baseUrl: 'http://b/v1', name: 'm', prices: prices(2, 4), contextTokens: 64_000 },
    ],
  },
  unpriced: { endpoints: [{ baseUrl: 'http://h/v1', name: 'u' }] },
};
const configOf = (more: object) =>
  Config.parse({
    model: 'small',
    models,
    planner: { model: 'dear' },
    storage: { url: 'file:///s' },
    manager: { databaseUrl: 'postgres://h/d' },
    executor: { databaseUrl: 'postgres://h/d' },
    ...more,
  });
const SYSTEM_PROMPT = systemPrompt(surroundingsOf(configOf({}), { python: false }));

describe('what the planner is told', () => {
  it('should have the models with their prices, the default first and then the cheapest', () => {
    const told = SYSTEM_PROMPT.split('\n').filter((line) => line.includes(': takes '));
    expect(told).toEqual([
      expect.stringContaining(
        '- small (the default): takes 32000 tokens, instructions, data and answer together; $0.1 for a million tokens read',
      ),
      // Of a group of endpoints what is dearest and shortest: nobody knows which one answers.
      expect.stringContaining('- middle: takes 64000 tokens, instructions, data and answer together; $2 for a million tokens read, $4'),
      expect.stringContaining('- dear: takes'),
      expect.stringContaining('no price is known'),
    ]);
    expect(SYSTEM_PROMPT).toContain('Take a cheap model for steps over many rows');
    const alone = systemPrompt(
      surroundingsOf(configOf({ models: { small: models.small }, planner: { model: 'small' } }), { python: false }),
    );
    expect(alone).toContain('leave "model" out');
  });

  it('should say which hosts may be read, and where none may', () => {
    expect(SYSTEM_PROMPT).toContain('builtin:fetch may read no host here');
    const told = systemPrompt(surroundingsOf(configOf({ capabilities: { fetchHosts: ['docs.example.com'] } }), { python: false }));
    expect(told).toContain('pages of these hosts alone: docs.example.com.');
  });

  it('should hold the vocabulary of plans', () => {
    for (const word of [
      '"map"',
      '"sql"',
      'outputs',
      '_status',
      '_error_code',
      'unnest',
      '{{column}}',
      'submit_plan',
      ...Object.keys(plannerTools),
    ]) {
      expect(SYSTEM_PROMPT).toContain(word);
    }
  });

  it('should name the steps whose files are asked for', () => {
    const prompt = taskPrompt({ goal: 'Find it', outputs: [{ step: 'findings', format: 'csv' }] }, [{ name: 'rows', rows: 3 }]);
    expect(prompt).toContain('Find it');
    expect(prompt).toContain('rows (3 rows)');
    expect(prompt).toContain('findings (csv)');
  });

  it('should say how many submissions are left', () => expect(rejection([], 1)).toContain('One more submission'));

  it('should describe the arguments of every tool as an object', () => {
    for (const tools of [toldTools({ python: true }), toldTools({ python: false })]) {
      expect(tools.map(({ name }) => name)).toEqual(Object.keys(plannerTools));
      for (const { parameters } of tools) expect(parameters).toMatchObject({ type: 'object', additionalProperties: false });
      expect(JSON.stringify(tools.find(({ name }) => name === 'submit_plan'))).toContain('instructions');
    }
  });

  it('should tell of Python where functions in it can be run, and else not a word', () => {
    const withPython = `${systemPrompt(surroundingsOf(configOf({}), { python: true }))}${JSON.stringify(toldTools({ python: true }))}`;
    expect(withPython).toContain('# Functions in Python');
    expect(withPython).toContain('"const":"python"');
    expect(withPython).not.toMatch(/sandboxed|loadTimeoutMs|"pip"/);
    const without = toldTools({ python: false });
    expect(`${SYSTEM_PROMPT}${without.map(({ description }) => description).join('')}`).not.toMatch(/python/i);
    expect(JSON.stringify(without)).not.toContain('"const":"python"');
  });
});
