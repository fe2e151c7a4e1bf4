import { type Task } from './task.js';
import { stemsOf } from './text.js';

export interface Candidate {
  /** As the prompt calls it: `2`, `b`, `candidate_2`. */
  label: string;
  text: string;
  value: unknown;
}

const JUDGING =
  /\b(?:candidates?|judge|replicas?|choose (?:the )?(?:best|most)|which (?:answer|of the answers)|best answer|majority|consensus)\b/i;

/** The candidates of a task of judging: elements of a list, fields, or numbered parts of a text. Null: it is another task. */
export const candidatesOf = ({ instructions, fields }: Task): Candidate[] | null => {
  if (!JUDGING.test(instructions)) return null;
  for (const { text } of fields) {
    const listed = parseList(text);
    if (listed && listed.length > 1) return listed.map((value, index) => ({ label: String(index + 1), text: asText(value), value }));
  }
  const named = fields.filter(({ name }) => /candidate|answer|replica|option/i.test(name));
  if (named.length > 1) return named.map(({ name, text }) => ({ label: name, text, value: parse(text) ?? text }));
  for (const { text } of fields) {
    const parts = [
      ...text.matchAll(
        /(?:^|\n)\s*(?:#+ *)?(?:candidate|answer|option|replica)?\s*\[?([1-9]\d?|[A-H])\]?\s*[:.)]\s*([^]*?)(?=\n\s*(?:#+ *)?(?:candidate|answer|option|replica)?\s*\[?(?:[1-9]\d?|[A-H])\]?\s*[:.)]|$)/gi,
      ),
    ];
    if (parts.length > 1)
      return parts.map(([, label = '', content = '']) => ({ label, text: content.trim(), value: parse(content) ?? content.trim() }));
  }
  return null;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};
const parseList = (text: string): unknown[] | null => {
  const value = text.trimStart().startsWith('[') ? parse(text) : null;
  return Array.isArray(value) ? value : null;
};
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const likeness = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  if (a.size === 0 && b.size === 0) return 1;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / (a.size + b.size - shared);
};

export interface Verdict {
  /** From 0. */
  index: number;
  candidate: Candidate;
  /** Candidates that say the same, itself counted. */
  agreeing: number;
}

/** Agreement decides: the candidate that is most like all others, the first of equals. */
export const judge = (candidates: readonly Candidate[]): Verdict => {
  const words = candidates.map(({ text }) => new Set(stemsOf(text)));
  const normal = candidates.map(({ text }) => text.toLowerCase().replace(/\s+/g, ' ').trim());
  const weight = words.map((own, index) =>
    words.reduce((sum, other, at) => sum + (at === index ? 0 : normal[at] === normal[index] ? 1 : likeness(own, other)), 0),
  );
  const index = weight.indexOf(Math.max(...weight));
  return { index, candidate: candidates[index] as Candidate, agreeing: normal.filter((text) => text === normal[index]).length };
};
