import { type KeptBecause } from '@apwa/contracts';

/** A table that is old enough to go, or that somebody wants gone. */
export interface Candidate {
  id: string;
  /** It is being made. */
  unfinished: boolean;
  /** A run that has not ended and reads or makes it. */
  readBy: string | null;
  /** An export of it that is being written. */
  exportedBy: string | null;
  /** Somebody holds it who is about to write down that he reads it. */
  busy: boolean;
  /** Tables that are there, or will be, and are made from it. */
  madeInto: readonly string[];
}

export type Verdict = { verdict: 'goes' } | { verdict: 'stays'; because: KeptBecause; by: string | null };

/**
 * Which of the candidates go. What a table is made from stays with it: of a map its rows are read from there, and of all others
 * it is what can be told of where they came from. So a table goes only together with, or after, all that is made from it.
 */
export const judge = (candidates: readonly Candidate[]): Map<string, Verdict> => {
  const verdicts = new Map<string, Verdict>(candidates.map((candidate) => [candidate.id, byItself(candidate)]));
  const madeFrom = new Map<string, string[]>();
  for (const { id, madeInto } of candidates)
    for (const made of madeInto) {
      const sources = madeFrom.get(made);
      if (sources) sources.push(id);
      else madeFrom.set(made, [id]);
    }
  // From what stays to what that is made from; each table is come by once.
  const staying = [...madeFrom.keys()].filter((id) => verdicts.get(id)?.verdict !== 'goes');
  for (let by = staying.pop(); by !== undefined; by = staying.pop())
    for (const id of madeFrom.get(by) ?? []) {
      if (verdicts.get(id)?.verdict !== 'goes') continue;
      verdicts.set(id, { verdict: 'stays', because: 'made_into', by });
      staying.push(id);
    }
  return verdicts;
};

const byItself = ({ unfinished, readBy, exportedBy, busy }: Candidate): Verdict => {
  if (readBy !== null) return { verdict: 'stays', because: 'read_by_run', by: readBy };
  if (unfinished) return { verdict: 'stays', because: 'unfinished', by: null };
  if (exportedBy !== null) return { verdict: 'stays', because: 'exported', by: exportedBy };
  if (busy) return { verdict: 'stays', because: 'busy', by: null };
  return { verdict: 'goes' };
};
