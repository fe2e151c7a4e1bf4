import { toldLimitsOf } from './told-limits.js';

describe('toldLimitsOf', () => {
  it.each([
    ['nothing', {}, null],
    [
      "OpenAI's",
      {
        'x-ratelimit-limit-requests': '500',
        'x-ratelimit-reset-requests': '120ms',
        'x-ratelimit-limit-tokens': '30000',
        'x-ratelimit-reset-tokens': '1s',
      },
      { requestsPerMinute: 500, tokensPerMinute: 30_000 },
    ],
    [
      'requests of a day beside tokens of a minute',
      {
        'x-ratelimit-limit-requests': '14400',
        'x-ratelimit-reset-requests': '2m59.56s',
        'x-ratelimit-limit-tokens': '6000',
        'x-ratelimit-reset-tokens': '7.66s',
      },
      { requestsPerMinute: null, tokensPerMinute: 6_000 },
    ],
    ['the minute in so many words', { 'x-ratelimit-limit-req-minute': '60' }, { requestsPerMinute: 60, tokensPerMinute: null }],
    ['no reset', { 'x-ratelimit-limit-requests': '60' }, { requestsPerMinute: 60, tokensPerMinute: null }],
    [
      'a reset in seconds',
      { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-reset-requests': '59' },
      { requestsPerMinute: 60, tokensPerMinute: null },
    ],
    ['nonsense', { 'x-ratelimit-limit-requests': 'many', 'x-ratelimit-limit-tokens': '-1' }, null],
    ['zero', { 'x-ratelimit-limit-requests': '0' }, null],
  ])('should read %s', (_, headers, told) => {
    expect(toldLimitsOf(new Headers(headers as Record<string, string>))).toEqual(told);
  });
});
