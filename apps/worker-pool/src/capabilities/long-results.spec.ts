import { KEPT_CHARACTERS, keptOf, longResult, readResult, shownOf, shownPart } from './long-results.js';

const text = Array.from({ length: 10_000 }, (_, n) => String(n % 10)).join('');
const result = longResult('3.0', 'fetch', text, KEPT_CHARACTERS);
const results = {
  ids: ['3.0', '3.1'],
  find: (id: string) => (id === '3.0' ? result : id === '3.1' ? { whole: 'it was short' } : undefined),
};
/** What stands between the marks. */
const dataIn = (shown: string): string => /--- \[field "fetch"\] \w+ ---\n([^]*)\n=== data \w+ ends ===/.exec(shown)?.[1] ?? '';

describe('results that are too long for a conversation', () => {
  it('should be shown from their beginning, and read on to their end without a gap', () => {
    let read = '';
    for (let shown = shownPart(result, 0, 4_000); ;) {
      read += dataIn(shown);
      const next = /read_result (\{[^}]*\})/.exec(shown)?.[1];
      if (next === undefined) break;
      expect(shown).toContain(`to ${read.length} of 10000. To read on`);
      shown = readResult(JSON.parse(next) as Record<string, unknown>, results, 4_000);
    }
    expect(read).toBe(text);
  });

  it('should be shown as they are where they are short', () => {
    expect(shownPart(longResult('0.0', 'fetch', '{"a":1}', KEPT_CHARACTERS), 0, 4_000)).toMatch(/"a":1\}\n=== data \w+ ends ===$/);
  });

  it('should not be cut within a character', () => {
    const emoji = longResult('0.0', 'fetch', 'ab😀cd', KEPT_CHARACTERS);
    expect(dataIn(shownPart(emoji, 0, 3))).toBe('ab');
    expect(dataIn(shownPart(emoji, 2, 3))).toBe('😀c');
  });

  it('should be kept as far as it is told', () => {
    const huge = longResult('0.0', 'fetch', 'x'.repeat(KEPT_CHARACTERS * 2), KEPT_CHARACTERS);
    expect(shownPart(huge, KEPT_CHARACTERS - 10, 4_000)).toContain(
      `characters ${KEPT_CHARACTERS - 10} to ${KEPT_CHARACTERS} of ${KEPT_CHARACTERS * 2} (only the first ${KEPT_CHARACTERS} are kept).`,
    );
  });

  it.each([
    ['an unknown result', { result: '9.9' }, 'There is no result "9.9" to be read. Results: 3.0, 3.1.'],
    ['no result', {}, 'There is no result undefined'],
    ['an offset past its end', { result: '3.0', offset: 10_000 }, 'offset is 10000: of result 3.0 it can be 0 to 9999.'],
    ['no offset', { result: '3.0', offset: 'all' }, 'offset is "all"'],
    ['more of what was short', { result: '3.1', offset: 5 }, 'Of result 3.1 no more is kept'],
  ])('should not be read by %s', (_, given, said) => expect(readResult(given, results, 4_000)).toContain(said));

  it('should leave room for each other, and for the rest of the conversation', () => {
    expect(shownOf(1, 128_000)).toBe(32_000);
    expect(shownOf(1, 8_000)).toBe(8_000);
    expect(shownOf(4, 8_000)).toBe(3_000);
    expect(shownOf(32, 128_000)).toBe(6_000);
    expect(shownOf(32, 2_000)).toBe(500);
    expect(keptOf(4, 3_000)).toBe(KEPT_CHARACTERS / 4);
    expect(keptOf(32, 32_000)).toBe(32_000);
  });
});
