import { type SplitBy } from '@apwa/contracts';

/** A stretch of a text, in UTF-16 units, and the headings that it stands under. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly heading: string | null;
}

/** The longest heading that is told, in characters. */
const HEADING_LENGTH = 200;
const BETWEEN_HEADINGS = ' > ';

/** The sections of a text by its structure, without gap or overlap where the structure leaves out nothing. `found`: it has any of it. */
export const sectionsOf = (text: string, by: SplitBy): { sections: Section[]; found: boolean } => {
  switch (by.kind) {
    case 'headings':
      return byHeadings(text, by.levels ?? 6);
    case 'regex':
      return byMatches(text, new RegExp(by.pattern, by.ignoreCase ? 'gimu' : 'gmu'));
    case 'records':
      return byRecords(text, by.separator ?? null);
    case 'sentences':
    case 'tokens':
      return { sections: whole(text), found: true };
  }
};

const whole = (text: string): Section[] => [{ start: 0, end: text.length, heading: null }];

/** Sections that begin at these places; what stands before the first is one too. */
const beginningAt = (text: string, begins: readonly { at: number; heading: string | null }[]): { sections: Section[]; found: boolean } => {
  const first = begins[0]?.at ?? text.length;
  const before = first > 0 ? [{ start: 0, end: first, heading: null }] : [];
  const sections = begins.map(({ at, heading }, index) => ({ start: at, end: begins[index + 1]?.at ?? text.length, heading }));
  return { sections: [...before, ...sections], found: begins.length > 0 };
};

const LINE = /^.*$/gm;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*\r?$/;
const FENCE = /^ {0,3}(```|~~~)/;

/** The headings of Markdown, `at` in UTF-16 units. What stands in a block of code is none. */
export const headingsOf = (text: string): { at: number; level: number; title: string }[] => {
  const headings: { at: number; level: number; title: string }[] = [];
  let fence: string | undefined;
  for (const match of text.matchAll(LINE)) {
    const [line] = match;
    const mark = FENCE.exec(line)?.[1];
    if (mark && (fence === undefined || fence === mark)) fence = fence === undefined ? mark : undefined;
    const [, marks, title = ''] = (fence === undefined && HEADING.exec(line)) || [];
    if (marks) headings.push({ at: match.index, level: marks.length, title });
  }
  return headings;
};

const byHeadings = (text: string, levels: number) => {
  const begins: { at: number; heading: string }[] = [];
  const open: { level: number; title: string }[] = [];
  for (const { at, level, title } of headingsOf(text)) {
    if (level > levels) continue;
    while ((open.at(-1)?.level ?? 0) >= level) open.pop();
    open.push({ level, title });
    begins.push({
      at,
      heading: open
        .map((one) => one.title)
        .join(BETWEEN_HEADINGS)
        .slice(0, HEADING_LENGTH),
    });
  }
  return beginningAt(text, begins);
};

const byMatches = (text: string, pattern: RegExp) => {
  const begins = [...text.matchAll(pattern)].map(({ index, 0: matched }) => {
    const beginsLine = index === 0 || text[index - 1] === '\n';
    const found = matched.trim() === '' || (beginsLine && !matched.includes('\n')) ? lineAt(text, index) : matched.trim();
    return { at: index, heading: found.split('\n', 1)[0]?.trim().slice(0, HEADING_LENGTH) || null };
  });
  return beginningAt(text, begins);
};

const lineAt = (text: string, at: number): string => {
  const end = text.indexOf('\n', at);
  return text.slice(at, end < 0 ? text.length : end);
};

const EMPTY_LINE = /\r?\n[ \t]*\r?\n/g;

const byRecords = (text: string, separator: string | null) => {
  const sections: Section[] = [];
  let start = 0;
  const end = (at: number, next: number) => {
    sections.push({ start, end: at, heading: null });
    start = next;
  };
  if (separator === null) for (const { index, 0: matched } of text.matchAll(EMPTY_LINE)) end(index, index + matched.length);
  else for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length)) end(at, at + separator.length);
  const found = sections.length > 0;
  end(text.length, text.length);
  return { sections, found };
};
