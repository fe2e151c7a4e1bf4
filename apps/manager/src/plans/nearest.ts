/** The one of `names` that `name` was most likely meant to be, or null where none is near: at most a third of its letters differ. */
const nearest = (name: string, names: Iterable<string>): string | null => {
  const wanted = name.toLowerCase().slice(0, LONGEST);
  let best: { name: string; distance: number } | null = null;
  for (const candidate of names) {
    const distance = editDistance(wanted, candidate.toLowerCase().slice(0, LONGEST));
    if (distance <= Math.max(1, Math.floor(wanted.length / 3)) && (!best || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
};

/** Longer names are compared by their beginning: the work grows with the square of the length. */
const LONGEST = 64;

/** Letters to insert, leave out, replace, or swap with their neighbour. */
const editDistance = (a: string, b: string): number => {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, swapped));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
};

/** `detect, by_type (did you mean by_type?)`: what may stand in a place, as an error says it. */
export const allowedNames = (name: string, names: readonly string[]): string => {
  if (names.length === 0) return 'there is none';
  const shown = names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');
  const near = nearest(name, names);
  return near ? `${shown} (did you mean ${near}?)` : shown;
};

const SHOWN = 40;
