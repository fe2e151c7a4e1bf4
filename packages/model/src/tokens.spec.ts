import { countTokens, requestTexts, surelyFit } from './tokens.js';

describe('countTokens', () => {
  it('should count about as the tokenizer does', async () => {
    expect(await countTokens(['hello world'])).toBe(2);
    expect(await countTokens(['a <|endoftext|> b', ''])).toBeGreaterThan(3);
    const text = 'The quick brown fox. '.repeat(1_000);
    expect(await countTokens([text])).toBeGreaterThanOrEqual(5_000);
    expect(await countTokens([text])).toBeLessThan(5_200);
  });

  it('should stay fast on a word without end, and stop when it knows enough', async () => {
    await countTokens(['load']);
    const begun = process.cpuUsage();
    expect(await countTokens(['a'.repeat(500_000)])).toBeGreaterThan(10_000);
    expect(await countTokens(['word '.repeat(5_000_000)], 1_000)).toBeLessThan(3_000);
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1_000).toBeLessThan(10_000);
  });

  it('should never be above a bound that texts fit for sure', async () => {
    for (const text of ['ᚠᚢᚦ', '👩‍👩‍👧', 'aaaa', '日本語']) {
      const bytes = Buffer.byteLength(text);
      expect(await countTokens([text])).toBeLessThanOrEqual(bytes);
      expect(surelyFit([text], bytes)).toBe(true);
      expect(surelyFit([text], bytes - 1)).toBe(false);
    }
  });

  it('should see all text of a request', () => {
    const { texts, marks } = requestTexts({
      messages: [
        { role: 'system', content: 's' },
        { role: 'assistant', content: null, tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }] },
        { role: 'tool', tool_call_id: '1', content: 't' },
      ],
      tools: [{ name: 'f', description: 'd', parameters: { type: 'object' } }],
      output: { name: 'o', schema: { type: 'object', title: 'q' } },
    });
    expect(texts.join(' ')).toMatch(/s .*f \{"x":1\} t .*"description":"d".*"title":"q"/);
    expect(marks).toBe(12);
  });
});
