/** Classes of signs that patterns name by a letter, with a sign that is in each. */
const OF_CLASS: Readonly<Record<string, string>> = { d: '0', w: 'a', s: ' ', D: 'a', W: '-', S: 'a', n: '\n', t: '\t' };

interface Cursor {
  pattern: string;
  at: number;
}

/**
 * A short text that matches a regular expression without look-arounds and back references: the first of alternatives, each
 * repetition as seldom as it may be. `least` is a length that the last open repetition should reach.
 */
export const smallestMatch = (pattern: string, least = 0): string => {
  const cursor = { pattern, at: 0 };
  const text = alternatives(cursor);
  if (text.length >= least || text === '') return text;
  return text + (text.at(-1) as string).repeat(least - text.length);
};

const alternatives = (cursor: Cursor): string => {
  const first = sequence(cursor);
  while (cursor.pattern[cursor.at] === '|') {
    cursor.at++;
    sequence(cursor);
  }
  return first;
};

const sequence = (cursor: Cursor): string => {
  let text = '';
  while (cursor.at < cursor.pattern.length && !'|)'.includes(cursor.pattern[cursor.at] as string)) {
    const unit = atom(cursor);
    text += unit.repeat(repetitions(cursor));
  }
  return text;
};

const repetitions = (cursor: Cursor): number => {
  const rest = cursor.pattern.slice(cursor.at);
  const match = /^(?:([*?+])|\{(\d+)(?:,\d*)?\})\??/.exec(rest);
  if (!match) return 1;
  cursor.at += match[0].length;
  if (match[2] !== undefined) return Number(match[2]);
  return match[1] === '+' ? 1 : 0;
};

const atom = (cursor: Cursor): string => {
  const sign = cursor.pattern[cursor.at++] as string;
  switch (sign) {
    case '^':
    case '$':
      return '';
    case '.':
      return 'a';
    case '(': {
      const kind = /^\?(?::|<[A-Za-z]\w*>)/.exec(cursor.pattern.slice(cursor.at));
      if (kind) cursor.at += kind[0].length;
      const text = alternatives(cursor);
      cursor.at++;
      return text;
    }
    case '[':
      return oneOfClass(cursor);
    case '\\': {
      const letter = cursor.pattern[cursor.at++] ?? '';
      if ((letter === 'p' || letter === 'P') && cursor.pattern[cursor.at] === '{') {
        const end = cursor.pattern.indexOf('}', cursor.at);
        const name = cursor.pattern.slice(cursor.at + 1, end);
        cursor.at = end + 1;
        return name.startsWith('N') ? '0' : name === 'Lu' ? 'A' : 'a';
      }
      return letter === 'b' || letter === 'B' ? '' : (OF_CLASS[letter] ?? letter);
    }
    default:
      return sign;
  }
};

const oneOfClass = (cursor: Cursor): string => {
  const negated = cursor.pattern[cursor.at] === '^';
  if (negated) cursor.at++;
  const from = cursor.at;
  let first = '';
  while (cursor.at < cursor.pattern.length && (cursor.pattern[cursor.at] !== ']' || cursor.at === from)) {
    const sign = atom({ pattern: cursor.pattern, at: cursor.at });
    cursor.at += cursor.pattern[cursor.at] === '\\' ? 2 : 1;
    first ||= sign;
  }
  const body = cursor.pattern.slice(from, cursor.at);
  cursor.at++;
  if (!negated) return first;
  return ['a', '0', '-', ' ', 'é'].find((candidate) => new RegExp(`[^${body}]`, 'u').test(candidate)) ?? 'a';
};
