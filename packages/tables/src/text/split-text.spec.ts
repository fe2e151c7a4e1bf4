import { type SplitBy } from '@apwa/contracts';
import { CharacterCounter, splitText } from './split-text.js';

const split = (text: string, by: SplitBy, maxTokens = 1_000, overlapTokens = 0) => splitText(text, by, { maxTokens, overlapTokens });
const texts = (text: string, by: SplitBy, maxTokens?: number, overlapTokens?: number) =>
  split(text, by, maxTokens, overlapTokens).chunks.map((chunk) => chunk.text);

const MARKDOWN = [
  'Preface.',
  '',
  '# One',
  'a',
  '## Inner',
  'b',
  '```',
  '# no heading',
  '```',
  '### Deep ##',
  'c',
  '# Two',
  'd',
  '## ',
  'e',
].join('\n');

describe('splitText', () => {
  it('should begin a chunk at each heading of Markdown, and tell under which it stands', () => {
    const { chunks, found } = split(MARKDOWN, { kind: 'headings' });
    expect(found).toBe(true);
    expect(chunks.map(({ heading, text }) => [heading, text])).toEqual([
      [null, 'Preface.'],
      ['One', '# One\na'],
      ['One > Inner', '## Inner\nb\n```\n# no heading\n```'],
      ['One > Inner > Deep', '### Deep ##\nc'],
      ['Two', '# Two\nd'],
      ['Two > ', '## \ne'],
    ]);
    expect(texts(MARKDOWN, { kind: 'headings', levels: 1 })).toEqual([
      'Preface.',
      '# One\na\n## Inner\nb\n```\n# no heading\n```\n### Deep ##\nc',
      '# Two\nd\n## \ne',
    ]);
  });

  it('should begin a chunk at each match of a pattern', () => {
    const play = 'Dramatis personae\n\nACT I\n\nSCENE I. A street.\nEnter two.\n\nscene II.\nThey fight.\n';
    expect(split(play, { kind: 'regex', pattern: '^SCENE [IVX]+\\..*$', ignoreCase: true }).chunks).toEqual([
      { start: 0, end: 24, heading: null, text: 'Dramatis personae\n\nACT I' },
      { start: 26, end: 55, heading: 'SCENE I. A street.', text: 'SCENE I. A street.\nEnter two.' },
      { start: 57, end: 78, heading: 'scene II.', text: 'scene II.\nThey fight.' },
    ]);
    // Whatever begins a line is told by all of it; what stands in the middle of one, by itself.
    expect(split(play, { kind: 'regex', pattern: '^SCENE [IVX]+' }).chunks.map(({ heading }) => heading)).toEqual([
      null,
      'SCENE I. A street.',
    ]);
    expect(split('one [1] two [2] three', { kind: 'regex', pattern: '\\[\\d\\]' }).chunks.map(({ heading }) => heading)).toEqual([
      null,
      '[1]',
      '[2]',
    ]);
    // A match of nothing: its line is the heading.
    expect(split(play, { kind: 'regex', pattern: '^(?=ACT )' }).chunks.map(({ heading }) => heading)).toEqual([null, 'ACT I']);
    expect(split(play, { kind: 'regex', pattern: '^CHAPTER' })).toMatchObject({ found: false, chunks: [{ heading: null }] });
  });

  it('should take records between empty lines, or between what stands between them', () => {
    expect(texts('a\nb\n\n \nc\r\n\r\nd\n', { kind: 'records' })).toEqual(['a\nb', 'c', 'd']);
    expect(texts('a---b------c', { kind: 'records', separator: '---' })).toEqual(['a', 'b', 'c']);
  });

  it('should keep sentences whole, as many as fit', () => {
    const text = 'First one is here. Second one, too! And a third? The last one ends it.';
    expect(texts(text, { kind: 'sentences' }, 12)).toEqual(['First one is here. Second one, too!', 'And a third? The last one ends it.']);
  });

  it('should cut what is longer than a chunk, words and characters at last', () => {
    const long = 'x'.repeat(250);
    const parts = texts(`# T\n${'word '.repeat(60)}\n${long}`, { kind: 'headings' }, 20);
    expect(parts.every((part) => Buffer.byteLength(part) <= 80)).toBe(true);
    expect(parts.join('').replace(/\s/g, '')).toBe(`#T${'word'.repeat(60)}${long}`);
    expect(texts('😀'.repeat(50), { kind: 'tokens' }, 20).join('')).toBe('😀'.repeat(50));
  });

  it('should repeat the end of a chunk at the beginning of the next, and no more than was asked', () => {
    const words = Array.from({ length: 200 }, (_, n) => `w${n}`).join(' ');
    const { chunks } = split(words, { kind: 'tokens' }, 25, 5);
    for (const [index, { start }] of chunks.entries()) {
      const before = chunks[index - 1];
      if (!before) continue;
      expect(before.end - start).toBeGreaterThan(0);
      expect(before.end - start).toBeLessThanOrEqual(20);
    }
    expect(new Set(chunks.flatMap(({ text }) => text.split(' '))).size).toBe(200);
  });

  it('should give nothing of blanks, and chunks that stand in the text where they say', () => {
    for (const by of [{ kind: 'headings' }, { kind: 'records' }, { kind: 'sentences' }, { kind: 'tokens' }] as const)
      expect(texts(' \n\n\t', by)).toEqual([]);
    const text = `${MARKDOWN}\n\n${'Some “quoted” text, and more of it. '.repeat(80)}`;
    for (const by of [{ kind: 'headings' }, { kind: 'records' }, { kind: 'sentences' }, { kind: 'tokens' }] as const)
      for (const { start, end, text: chunk } of split(text, by, 40, 10).chunks) expect(text.slice(start, end)).toBe(chunk);
  });
});

describe('CharacterCounter', () => {
  it('should count characters, not units', () => {
    const counter = new CharacterCounter('a😀b😀');
    expect([0, 1, 3, 4, 6].map((units) => counter.upTo(units))).toEqual([0, 1, 2, 3, 4]);
  });
});
