import { jsonIn } from './json-text.js';

describe('jsonIn', () => {
  it.each<[string, string, unknown]>([
    ['the text itself', ' {"a": 1}\n', { a: 1 }],
    ['a scalar', '"x"', 'x'],
    ['null', 'null', null],
    ['a fenced block', 'Here:\n```json\n{"a": [1]}\n```\nDone.', { a: [1] }],
    ['a fenced block without a language', '```\n[1, 2]\n```', [1, 2]],
    ['an object within prose', 'The answer {as asked} is {"a": "} \\" {"} ok', { a: '} " {' }],
    ['an object behind thoughts', '<think>\nmaybe {"a": 0}?\n</think>\n\n{"a": 1}', { a: 1 }],
    ['a fence within a text value', '{"code": "```js\\n1\\n```"}', { code: '```js\n1\n```' }],
  ])('should take %s', (_, text, value) => {
    expect(jsonIn(text)).toEqual({ value });
  });

  it.each(['', 'no JSON here', '{"a": ', '{a: 1}', '```json\n{"a": \n```'])('should find none in %p', (text) => {
    expect(jsonIn(text)).toBeUndefined();
  });

  it('should give up soon on texts of openings', () => {
    const begun = process.cpuUsage();
    for (const text of ['{'.repeat(2_000_000), '{]'.repeat(1_000_000), '```{'.repeat(200_000), '<think>'.repeat(200_000)])
      expect(jsonIn(text)).toBeUndefined();
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1_000).toBeLessThan(5_000);
  });
});
