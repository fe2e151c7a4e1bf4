import { type ChunkSize, type SplitBy, TOKEN_BYTES } from '@apwa/contracts';
import { type Section, sectionsOf } from './sections.js';

/** A piece of a text: without blanks at its ends, at most as long as asked. */
export interface Chunk extends Section {
  readonly text: string;
}

/** A stretch that is not cut. */
interface Unit {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

/** The chunks of a text in their order, in UTF-16 units. `found`: the text has something of the structure that it is split by. */
export const splitText = (text: string, by: SplitBy, { maxTokens, overlapTokens }: ChunkSize): { chunks: Chunk[]; found: boolean } => {
  const { sections, found } = sectionsOf(text, by);
  const most = maxTokens * TOKEN_BYTES;
  const unitsOf = by.kind === 'tokens' ? wordsOf : sentencesOf;
  const chunks = sections.flatMap((section) =>
    packed(text, section, { most, overlap: overlapTokens * TOKEN_BYTES }, unitsOf).flatMap(([start, end]) =>
      trimmed(text, start, end, section.heading),
    ),
  );
  return { chunks, found };
};

type UnitsOf = (text: string, section: { start: number; end: number }, most: number) => Iterable<Unit>;

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Stretches of as many units as fit, each beginning with some of those that the one before ends with. */
const packed = (
  text: string,
  section: Section,
  { most, overlap }: { most: number; overlap: number },
  unitsOf: UnitsOf,
): [number, number][] => {
  if (bytesOf(text.slice(section.start, section.end)) <= most) return [[section.start, section.end]];
  const stretches: [number, number][] = [];
  let held: Unit[] = [];
  let bytes = 0;
  for (const unit of unitsOf(text, section, most)) {
    if (bytes + unit.bytes > most) {
      stretches.push([(held[0] as Unit).start, (held.at(-1) as Unit).end]);
      held = lastOf(held, Math.min(overlap, most - unit.bytes));
      bytes = held.reduce((sum, one) => sum + one.bytes, 0);
    }
    held.push(unit);
    bytes += unit.bytes;
  }
  if (held.length > 0) stretches.push([(held[0] as Unit).start, (held.at(-1) as Unit).end]);
  return stretches;
};

/** The last units that together are not longer. */
const lastOf = (units: readonly Unit[], most: number): Unit[] => {
  let at = units.length;
  for (let bytes = 0; at > 0; at--) {
    bytes += (units[at - 1] as Unit).bytes;
    if (bytes > most) break;
  }
  return units.slice(at);
};

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });
/** Sentences are looked for in pieces between empty lines: the segmenter takes its time with long texts. */
const PARAGRAPH = /[\s\S]+?(?:\n[ \t\r]*\n\s*|$)/g;
const WORD = /\s*\S+\s*/g;

function* sentencesOf(text: string, { start, end }: { start: number; end: number }, most: number): Generator<Unit> {
  for (const paragraph of text.slice(start, end).matchAll(PARAGRAPH)) {
    const from = start + paragraph.index;
    for (const { segment, index } of SENTENCES.segment(paragraph[0])) {
      const unit = { start: from + index, end: from + index + segment.length, bytes: bytesOf(segment) };
      if (unit.bytes <= most) yield unit;
      else yield* wordsOf(text, unit, most);
    }
  }
}

function* wordsOf(text: string, { start, end }: { start: number; end: number }, most: number): Generator<Unit> {
  for (const { index, 0: word } of text.slice(start, end).matchAll(WORD)) {
    const unit = { start: start + index, end: start + index + word.length, bytes: bytesOf(word) };
    if (unit.bytes <= most) yield unit;
    else yield* charactersOf(text, unit, most);
  }
}

/** A word that is longer than a chunk may be, between characters. */
function* charactersOf(text: string, { start, end }: Unit, most: number): Generator<Unit> {
  for (let from = start; from < end;) {
    let to = from;
    let bytes = 0;
    for (const character of text.slice(from, Math.min(end, from + most))) {
      const more = bytesOf(character);
      if (bytes + more > most) break;
      bytes += more;
      to += character.length;
    }
    yield { start: from, end: to, bytes };
    from = to;
  }
}

const trimmed = (text: string, start: number, end: number, heading: string | null): Chunk[] => {
  const raw = text.slice(start, end);
  const from = start + (raw.length - raw.trimStart().length);
  const inner = raw.trim();
  return inner === '' ? [] : [{ start: from, end: from + inner.length, heading, text: inner }];
};

/** Turns UTF-16 offsets into counts of characters, as SQL has them. Offsets come in an order in which they do not go back. */
export class CharacterCounter {
  #units = 0;
  #characters = 0;

  constructor(private readonly text: string) {}

  upTo(units: number): number {
    for (; this.#units < units; this.#characters++) this.#units += (this.text.codePointAt(this.#units) as number) > 0xffff ? 2 : 1;
    return this.#characters;
  }
}
