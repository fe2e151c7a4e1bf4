import { MOST_LEVELS, PermanentError } from '@apwa/contracts';

/** Each level has two tables: its bundles, and the answers to them; and in between one of answers that were found in a run before, where there may be some. */
export type LevelKind = 'bundles' | 'found' | 'answers';

/** A table of a level that is there. What was found for it does not tell how it goes on. */
export interface MadeLevel {
  level: number;
  kind: Exclude<LevelKind, 'found'>;
  rows: number;
}

export type NextLevel =
  | { make: Exclude<LevelKind, 'found'>; level: number }
  /** All groups have come to their end: the result, of the answers of so many levels. */
  | { make: 'result'; levels: number };

/**
 * How a reduce goes on, told by the tables that are there, in their order. Bundles above level 1 are of groups alone that still have
 * several answers: none means that all are done, and so does a single answer. PermanentError where a tree does not narrow.
 */
export const nextLevel = (made: readonly MadeLevel[]): NextLevel => {
  const last = made.at(-1);
  if (!last) return { make: 'bundles', level: 1 };
  const { level, kind, rows } = last;
  switch (kind) {
    case 'bundles': {
      if (rows === 0) return { make: 'result', levels: level - 1 };
      if (level > MOST_LEVELS) throw notFewer(`After ${MOST_LEVELS} levels ${rows} bundles of answers are left.`);
      const below = made.at(-2);
      if (below && rows >= below.rows)
        throw notFewer(`Level ${level} has ${rows} bundles of the ${below.rows} answers of the level below.`);
      return { make: 'answers', level };
    }
    case 'answers':
      // One answer is of one group: there is no other.
      if (rows === 1) return { make: 'result', levels: level };
      return { make: 'bundles', level: level + 1 };
  }
};

const notFewer = (message: string): PermanentError =>
  new PermanentError('reduce_never_ends', `${message} They get fewer too slowly.`, {
    field: 'maxTokens',
    allowed: `as many tokens as let ${MOST_LEVELS} levels end in one answer, or shorter answers`,
  });
