import { type FileFormat } from '@apwa/contracts';
import { type LocalFile } from '../jobs/protocol.js';
import { badInput } from './bad-input.js';

const ENDINGS: Record<FileFormat, readonly string[]> = {
  csv: ['csv'],
  tsv: ['tsv', 'tab'],
  json: ['json'],
  jsonl: ['jsonl', 'ndjson'],
  parquet: ['parquet'],
  excel: ['xlsx'],
  text: ['txt', 'text', 'md', 'markdown', 'rst', 'tex', 'html', 'htm', 'xml', 'log', 'eml'],
};

const byEnding = new Map(Object.entries(ENDINGS).flatMap(([format, endings]) => endings.map((ending) => [ending, format as FileFormat])));
const ALLOWED = `${[...byEnding.keys()].map((ending) => `.${ending}`).join(', ')}, each also with .gz; or say the format`;

/** The format of files, by their endings. Refused if one has no known ending, or two are of different formats. */
export const formatOf = (files: readonly LocalFile[]): FileFormat => {
  let first: { format: FileFormat; name: string } | null = null;
  for (const { name } of files) {
    const ending = /\.([a-z0-9]+)$/i.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase() ?? '';
    const format = byEnding.get(ending);
    if (!format)
      throw badInput(name, null, 'its ending does not say what it is', { value: ending === '' ? name : `.${ending}`, allowed: ALLOWED });
    if (first && first.format !== format)
      throw badInput(name, null, `it is ${format}, and ${first.name} is ${first.format}`, { allowed: 'files of one format for one table' });
    first ??= { format, name };
  }
  if (!first) throw badInput('files', null, 'there are no files', { allowed: 'at least one file' });
  return first.format;
};
