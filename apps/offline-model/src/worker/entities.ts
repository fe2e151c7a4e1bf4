import { findSpans } from '../patterns/find.js';
import { defaultLabel, kindsNamedIn, labelsByKind } from '../patterns/labels.js';
import { KINDS, type Kind, type Span } from '../patterns/span.js';
import { remember } from './cache.js';

/** What "personal data" is, where nobody lists its types. */
export const PERSONAL: readonly Kind[] = KINDS.filter((kind) => kind !== 'amount' && kind !== 'id');

/** The kinds that are looked for, each with the label that it is given. */
export type Wanted = ReadonlyMap<Kind, string>;

export const wantedOf = (labels: readonly string[]): Wanted => labelsByKind(labels);

const namedIn = remember(kindsNamedIn, 256);

/** What instructions ask for: the types that they name, or every type of personal data if they speak of that in general. */
export const wantedByInstructions = remember((instructions: string): Wanted => {
  const named = namedIn(instructions);
  const general = /\b(?:personal (?:data|information)|pii|personally identif|sensitive|anonymi[sz]e|redact|entit(?:y|ies))\b/i.test(
    instructions,
  );
  if (named.size > 0 && !(general && named.size < 3)) return named;
  return new Map(PERSONAL.map((kind) => [kind, defaultLabel(kind)]));
});

export interface Entity {
  type: string;
  value: string;
  start: number;
  end: number;
}

let last: { text: string; wanted: Wanted; spans: Span[] } | null = null;

/** The wanted values in a text, in its order. */
export const entitiesOf = (text: string, wanted: Wanted): Entity[] => {
  // Entities and the redacted text of a row are asked for one after the other: the second time costs nothing.
  if (last?.text !== text || last.wanted !== wanted) last = { text, wanted, spans: findSpans(text, new Set(wanted.keys())) };
  return last.spans.map(({ kind, start, end }) => ({ type: wanted.get(kind) as string, value: text.slice(start, end), start, end }));
};

/** The text with each value replaced: by `<TYPE>`, or in the brackets that the instructions show. */
export const redact = (text: string, wanted: Wanted, instructions: string): string => {
  const square = /\[(?:type|redacted|name|email|person)[\w ]*\]/i.test(instructions);
  let redacted = '';
  let from = 0;
  for (const { type, start, end } of entitiesOf(text, wanted)) {
    redacted += text.slice(from, start) + (square ? `[${type}]` : `<${type}>`);
    from = end;
  }
  return redacted + text.slice(from);
};
