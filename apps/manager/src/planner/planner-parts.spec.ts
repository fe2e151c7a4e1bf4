import { PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { type ChatMessage } from '@apwa/model';
import { fitContext } from './context.js';
import { cut, fence, shortenValues } from './fence.js';
import { SYSTEM_PROMPT, rejection, taskPrompt } from './prompt.js';
import { decideRetry, shownUrl } from './retry.js';
import { argumentsSchema, plannerTools } from './tool-definitions.js';

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
});

describe('what the planner is told', () => {
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
    for (const tool of Object.keys(plannerTools) as (keyof typeof plannerTools)[]) {
      expect(argumentsSchema(tool)).toMatchObject({ type: 'object', additionalProperties: false });
    }
    expect(JSON.stringify(argumentsSchema('submit_plan'))).toContain('instructions');
  });
});
