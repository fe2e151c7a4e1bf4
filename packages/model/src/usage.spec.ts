import { type TokenUsage } from '@apwa/contracts';
import { costOf, parseUsage } from './usage.js';

const CONTEXT = 1_000_000;
const usage = (input: number, cacheRead: number, cacheWrite: number, output: number, reasoning: number): TokenUsage => ({
  input,
  cacheRead,
  cacheWrite,
  output,
  reasoning,
});

describe('parseUsage', () => {
  it.each<[string, object, TokenUsage]>([
    [
      'OpenAI, caches and reasoning within the sums',
      {
        prompt_tokens: 2006,
        completion_tokens: 300,
        total_tokens: 2306,
        prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 192, audio_tokens: 0 },
      },
      usage(86, 1920, 0, 108, 192),
    ],
    [
      'Responses API',
      {
        input_tokens: 100,
        input_tokens_details: { cached_tokens: 40 },
        output_tokens: 20,
        output_tokens_details: { reasoning_tokens: 5 },
        total_tokens: 120,
      },
      usage(60, 40, 0, 15, 5),
    ],
    [
      'Anthropic, caches beside the sum',
      { input_tokens: 50, cache_creation_input_tokens: 1000, cache_read_input_tokens: 2000, output_tokens: 30 },
      usage(50, 2000, 1000, 30, 0),
    ],
    [
      'Anthropic behind a gateway, caches within the sum',
      {
        prompt_tokens: 3050,
        completion_tokens: 30,
        total_tokens: 3080,
        cache_creation_input_tokens: 1000,
        cache_read_input_tokens: 2000,
        prompt_tokens_details: { cached_tokens: 2000 },
      },
      usage(50, 2000, 1000, 30, 0),
    ],
    [
      'Anthropic behind a gateway, caches beside the sum',
      { prompt_tokens: 50, completion_tokens: 30, total_tokens: 3080, cache_creation_input_tokens: 1000, cache_read_input_tokens: 2000 },
      usage(50, 2000, 1000, 30, 0),
    ],
    ['Gemini, thoughts in the total alone', { prompt_tokens: 12, completion_tokens: 8, total_tokens: 150 }, usage(12, 0, 0, 8, 130)],
    [
      'Gemini behind its OpenAI-compatible door, thoughts and a cache told',
      {
        prompt_tokens: 1_200,
        completion_tokens: 40,
        total_tokens: 1_540,
        prompt_tokens_details: { cached_tokens: 1_000 },
        completion_tokens_details: { reasoning_tokens: 300 },
      },
      usage(200, 1_000, 0, 40, 300),
    ],
    [
      'Gemini by its own names',
      { promptTokenCount: 12, candidatesTokenCount: 8, thoughtsTokenCount: 30, cachedContentTokenCount: 4, totalTokenCount: 50 },
      usage(8, 4, 0, 8, 30),
    ],
    [
      'vLLM with a prefix cache',
      { prompt_tokens: 96, total_tokens: 100, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 80 } },
      usage(16, 80, 0, 4, 0),
    ],
    [
      'Mistral, with a total and nulls',
      { prompt_tokens: 15, completion_tokens: 7, total_tokens: 22, prompt_audio_seconds: null },
      usage(15, 0, 0, 7, 0),
    ],
    [
      'xAI, reasoning beside the answer',
      {
        prompt_tokens: 30,
        completion_tokens: 10,
        total_tokens: 140,
        completion_tokens_details: { reasoning_tokens: 100 },
        prompt_tokens_details: { cached_tokens: 5 },
      },
      usage(25, 5, 0, 10, 100),
    ],
    [
      'DeepSeek',
      {
        prompt_tokens: 100,
        completion_tokens: 40,
        total_tokens: 140,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      usage(36, 64, 0, 10, 30),
    ],
    [
      'OpenRouter, with cache writes',
      { prompt_tokens: 100, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 70 } },
      usage(10, 20, 70, 4, 0),
    ],
    ['vLLM', { prompt_tokens: 11, total_tokens: 31, completion_tokens: 20, prompt_tokens_details: null }, usage(11, 0, 0, 20, 0)],
    ['Ollama', { prompt_tokens: 26, completion_tokens: 298, total_tokens: 324 }, usage(26, 0, 0, 298, 0)],
    [
      'more cached than read',
      { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, prompt_tokens_details: { cached_tokens: 10 } },
      usage(0, 10, 0, 1, 0),
    ],
    [
      'more reasoning than written',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, completion_tokens_details: { reasoning_tokens: 50 } },
      usage(10, 0, 0, 0, 5),
    ],
  ])('should tell disjoint classes: %s', (_, block, expected) => {
    expect(parseUsage(block, CONTEXT)).toEqual({ usage: expected, cut: false });
    // Nothing stands in two classes: where a sum of all was told that goes beyond what was read and written apart, it is theirs.
    const sum = expected.input + expected.cacheRead + expected.cacheWrite + expected.output + expected.reasoning;
    const total = 'total_tokens' in block ? block.total_tokens : 'totalTokenCount' in block ? block.totalTokenCount : sum;
    expect(sum).toBe(total);
  });

  it.each([
    undefined,
    null,
    'text',
    [],
    {},
    { prompt_tokens: 0, completion_tokens: 0 },
    { prompt_tokens: -5 },
    { prompt_tokens: Number.NaN },
    { prompt_tokens: '12' },
    { prompt_tokens: 3, completion_tokens: -1 },
  ])('should take %p for none', (block) => {
    expect(parseUsage(block, CONTEXT)).toBeUndefined();
  });

  it('should cut what cannot be', () => {
    expect(parseUsage({ prompt_tokens: 1e15, completion_tokens: 1e15, prompt_tokens_details: { cached_tokens: 1e15 } }, 1_000)).toEqual({
      usage: usage(0, 1_000, 0, 1_000, 0),
      cut: true,
    });
  });

  it('should price each class, and reasoning as output', () => {
    const prices = { input: 1, cacheRead: 0.1, cacheWrite: 1.25, output: 8 };
    expect(costOf(usage(1_000_000, 1_000_000, 1_000_000, 500_000, 500_000), prices)).toBeCloseTo(10.35);
    expect(costOf(usage(1, 1, 1, 1, 1), undefined)).toBe(0);
  });
});
