import { z } from 'zod';

/** What files become a table as: records (`csv` to `excel`), plain texts as they stand (`text`), or documents of any kind, read for their text and structure. */
export const FileFormat = z.enum(['csv', 'tsv', 'json', 'jsonl', 'parquet', 'excel', 'text', 'documents']);
export type FileFormat = z.infer<typeof FileFormat>;

const ENDINGS: Record<FileFormat, readonly string[]> = {
  csv: ['csv'],
  tsv: ['tsv', 'tab'],
  json: ['json'],
  jsonl: ['jsonl', 'ndjson'],
  parquet: ['parquet'],
  excel: ['xlsx'],
  text: ['txt', 'text', 'md', 'markdown', 'rst', 'log', 'eml'],
  documents: ['pdf', 'docx', 'html', 'htm', 'xhtml', 'tex', 'latex', 'xml'],
};

const byEnding = new Map(Object.entries(ENDINGS).flatMap(([format, endings]) => endings.map((ending) => [ending, format as FileFormat])));

/** The endings of files whose format is known without being said. */
export const KNOWN_ENDINGS = `${[...byEnding.keys()].map((ending) => `.${ending}`).join(', ')}, each also with .gz`;

/** The ending of a file's name in lower case, a `.gz` behind it aside; empty if it has none. */
export const endingOf = (name: string): string => /\.([a-z0-9]+)$/i.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase() ?? '';

/** What a file's ending says of it; undefined for one that says nothing. */
export const formatOfName = (name: string): FileFormat | undefined => byEnding.get(endingOf(name));

/** How files become one table, by their endings; or the file that speaks against it. */
export type CommonFormat = { format: FileFormat } | { unknown: string } | { other: { name: string; format: FileFormat }; than: FileFormat };

/**
 * Files of one format have it. With one document among them plain texts are documents too, and so is what has an unknown ending: its content
 * says what it is, or its row fails.
 */
export const commonFormat = (names: readonly string[]): CommonFormat => {
  const formats = names.map(formatOfName);
  const documents = formats.includes('documents');
  let common: FileFormat | undefined;
  for (const [at, format] of formats.entries()) {
    const name = names[at] as string;
    const counted = documents && (format === undefined || format === 'text') ? 'documents' : format;
    if (counted === undefined) return { unknown: name };
    if (common !== undefined && common !== counted) return { other: { name, format: counted }, than: common };
    common = counted;
  }
  return common === undefined ? { unknown: '' } : { format: common };
};
