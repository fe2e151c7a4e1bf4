import { closeSync, openSync } from 'node:fs';
import { BOOKKEEPING_COLUMNS, type Column, noCounts, type StageCounts } from '@apwa/contracts';
import { type ImportedFiles, type ImportJob, type JobSettings, type LocalFile } from '../jobs/protocol.js';
import { PartWriter } from '../parquet/part-writer.js';
import { type DocumentContent, DocumentFault } from './document.js';
import { DocumentReader } from './document-reader.js';
import { inOrder } from './in-order.js';

const COLUMNS: Column[] = [
  { name: 'path', type: 'VARCHAR' },
  { name: 'format', type: 'VARCHAR' },
  { name: 'title', type: 'VARCHAR' },
  { name: 'text', type: 'VARCHAR' },
  { name: 'headings', type: 'STRUCT("level" BIGINT, "text" VARCHAR, "start" BIGINT)[]' },
  { name: 'pages', type: 'STRUCT("page" BIGINT, "start" BIGINT)[]' },
  { name: 'bytes', type: 'BIGINT' },
];

const ROW_GROUP = { rows: 1_000, bytes: 8 * 1024 * 1024 };
/** What a row takes beside its text, about. */
const ROW_BYTES = 300;
/** Documents that are read ahead of the one whose row is next, for each reader: a slow one does not stop the others at once. */
const AHEAD = 4;
/** The longest message of a failed row, in characters, and of one that stands for others. */
const MESSAGE_LENGTH = 500;
const EXAMPLE_LENGTH = 200;

type Outcome = { file: LocalFile; latencyMs: number } & ({ document: DocumentContent } | { fault: DocumentFault });

/** A row for each file, in order, with its text and structure. What cannot be read is a failed row: nothing of a file ends the import. */
export const importDocuments = async (settings: JobSettings, job: ImportJob): Promise<ImportedFiles> => {
  const { maxDocumentBytes, maxRowBytes, maxInflatedBytes, documentTimeoutMs: timeoutMs } = job;
  const limits = { maxDocumentBytes, maxRowBytes, maxInflatedBytes };
  const memoryMb = Math.floor(settings.memoryMb / settings.threads);
  const readers = Array.from(
    { length: Math.min(settings.threads, job.files.length) },
    (_, at) => new DocumentReader({ folder: settings.folder, name: String(at), memoryMb, timeoutMs, limits }),
  );
  const columns = [...COLUMNS, ...BOOKKEEPING_COLUMNS];
  const file = openSync(job.output, 'wx');
  // However this process ends, those that it has started end with it.
  const closeReaders = (): void => readers.forEach((reader) => reader.close());
  process.once('exit', closeReaders);
  try {
    const writer = new PartWriter(columns, ROW_GROUP, file);
    const counts = noCounts();
    for await (const outcome of inOrder(job.files, readers, AHEAD * readers.length, readOne)) {
      count(counts, outcome);
      writer.add(valuesOf(outcome, writer.rows), ROW_BYTES + ('document' in outcome ? outcome.document.text.length : 0));
    }
    writer.finish();
    return { rows: writer.rows, columns, rejectedRows: 0, counts };
  } finally {
    closeSync(file);
    closeReaders();
  }
};

const readOne = async (reader: DocumentReader, file: LocalFile): Promise<Outcome> => {
  const from = performance.now();
  const after = (): { file: LocalFile; latencyMs: number } => ({ file, latencyMs: Math.round(performance.now() - from) });
  try {
    return { document: await reader.read(file), ...after() };
  } catch (fault) {
    if (!(fault instanceof DocumentFault)) throw fault;
    return { fault, ...after() };
  }
};

const messageOf = ({ file, fault }: Extract<Outcome, { fault: unknown }>): string => `${file.name}: ${fault.reason}`;

const count = (counts: StageCounts, outcome: Outcome): void => {
  if ('document' in outcome) {
    counts.ok += 1;
    return;
  }
  const { code } = outcome.fault;
  counts.failed += 1;
  counts.errors[code] = (counts.errors[code] ?? 0) + 1;
  counts.examples[code] ??= messageOf(outcome).slice(0, EXAMPLE_LENGTH);
};

/** In the columns' order. */
const valuesOf = (outcome: Outcome, row: number): unknown[] => {
  const { file, latencyMs } = outcome;
  const document = 'document' in outcome ? outcome.document : null;
  const values: Record<string, unknown> = {
    ...document,
    path: file.name.replace(/\.gz$/i, ''),
    bytes: file.bytes,
    _row: row,
    _status: document ? 'ok' : 'failed',
    _error_code: 'fault' in outcome ? outcome.fault.code : null,
    _error: 'fault' in outcome ? messageOf(outcome).slice(0, MESSAGE_LENGTH) : null,
    _attempts: 1,
    _input_tokens: 0,
    _cached_tokens: 0,
    _output_tokens: 0,
    _cost_usd: 0,
    _latency_ms: latencyMs,
  };
  return [...COLUMNS, ...BOOKKEEPING_COLUMNS].map(({ name }) => values[name] ?? null);
};
