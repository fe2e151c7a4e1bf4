import { z } from 'zod';

/** Where a text is cut. What is longer than a chunk may be is cut further: between sentences, or between words. */
export const SplitBy = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('headings'),
    /** Headings of Markdown (`#` to `######`) that begin a chunk: down to this level. Default 6. */
    levels: z.number().int().min(1).max(6).optional(),
  }),
  z.strictObject({
    kind: z.literal('regex'),
    /** JavaScript's dialect, over the whole text, `^` and `$` at each line: every match begins a chunk. The heading is its line, if it begins one, otherwise the match's first line. */
    pattern: z.string().min(1).max(1_000),
    ignoreCase: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal('records'),
    /** What stands between two of them. Default: an empty line. */ separator: z.string().min(1).max(100).optional(),
  }),
  /** As many whole sentences as fit a chunk. */
  z.strictObject({ kind: z.literal('sentences') }),
  /** As many words as fit a chunk. */
  z.strictObject({ kind: z.literal('tokens') }),
]);
export type SplitBy = z.infer<typeof SplitBy>;

/** Tokens of a text, as splits count them: four bytes of UTF-8 are one. Models' own counts differ. */
export const TOKEN_BYTES = 4;

export const DEFAULT_CHUNK_TOKENS = 1_000;

/** The longest chunk, and how much of one the next repeats, both in tokens. */
export const ChunkSize = z.strictObject({
  maxTokens: z.number().int().min(20).max(100_000).default(DEFAULT_CHUNK_TOKENS),
  /** Less than half of `maxTokens`. */
  overlapTokens: z.number().int().min(0).max(50_000).default(0),
});
export type ChunkSize = z.infer<typeof ChunkSize>;

/** Columns that a split adds. Offsets count characters (code points) from 0; the end is the first one beyond the chunk. */
export const CHUNK_COLUMNS = [
  /** Number of the chunk in its text, from 0. */
  { name: 'chunk', type: 'BIGINT' },
  { name: 'chunk_start', type: 'BIGINT' },
  { name: 'chunk_end', type: 'BIGINT' },
  /** Headings that it stands under, with ` > ` between them; null where there are none. */
  { name: 'chunk_heading', type: 'VARCHAR' },
] as const;
