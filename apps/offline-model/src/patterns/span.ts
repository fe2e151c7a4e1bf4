/** What the patterns can tell apart. */
export const KINDS = [
  'person',
  'email',
  'phone',
  'address',
  'place',
  'organisation',
  'card',
  'date',
  'age',
  'title',
  'ssn',
  'iban',
  'ip',
  'url',
  'zip',
  'nationality',
  'driver_license',
  'id',
  'amount',
] as const;
export type Kind = (typeof KINDS)[number];

/** A found value: `text.slice(start, end)`. */
export interface Span {
  kind: Kind;
  start: number;
  end: number;
}

export type Detector = (text: string) => Span[];

/** Spans of every match; with a group named `value`, of that group alone. */
export const matches = (
  text: string,
  pattern: RegExp,
  kind: Kind,
  accept: (value: string, match: RegExpExecArray) => boolean = () => true,
): Span[] => {
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const value = match.groups?.value ?? match[0];
    if (value === '' || !accept(value, match)) continue;
    const start = match.index + (match.groups?.value === undefined ? 0 : match[0].lastIndexOf(value));
    spans.push({ kind, start, end: start + value.length });
  }
  return spans;
};

/** Of spans that overlap, the one that stands first in the list; the result is in the order of the text. */
export const withoutOverlaps = (spans: readonly Span[]): Span[] => {
  const kept: Span[] = [];
  for (const span of spans) {
    if (!kept.some((other) => span.start < other.end && other.start < span.end)) kept.push(span);
  }
  return kept.sort((a, b) => a.start - b.start);
};
