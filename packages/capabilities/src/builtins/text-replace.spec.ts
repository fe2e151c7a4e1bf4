import { textReplace } from './text-replace.js';

const replace = (text: string, pattern: string, replacement: string, more: object = {}) =>
  textReplace.call({ text, pattern, replacement, ...more });

describe('text_replace', () => {
  it('should replace a text as it stands, and say how often', () => {
    expect(replace('a.b.c', '.', '$&')).toEqual({ text: 'a$&b$&c', count: 2 });
    expect(replace('Ab aB', 'AB', 'x')).toEqual({ text: 'Ab aB', count: 0 });
    expect(replace('Ab aB', 'AB', 'x', { ignoreCase: true })).toEqual({ text: 'x x', count: 2 });
  });

  it('should replace what an expression describes, with groups of the match', () => {
    expect(replace('2024-02-29, 2023-01-01', '(\\d+)-(?<m>\\d+)-(\\d+)', '$3.$<m>.$1', { regex: true })).toEqual({
      text: '29.02.2024, 01.01.2023',
      count: 2,
    });
    expect(replace('a\n\nb', '^$', '-', { regex: true })).toEqual({ text: 'a\n-\nb', count: 1 });
  });

  it('should refuse what is no expression, and what would grow out of all bounds', () => {
    expect(() => replace('a', '(', 'b', { regex: true })).toThrow(/no regular expression/);
    expect(() => replace('a'.repeat(1_000), 'a', 'b'.repeat(10_000))).toThrow(/more than 4000000 characters/);
  });
});
