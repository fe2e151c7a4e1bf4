import { InternalError, type Part } from '@apwa/contracts';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects, type ParquetParsers } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { BoundedCache } from '../manifests/bounded-cache.js';
import { type Storage } from '../storage/storage.js';
import { isoDate, isoTimestamp } from '../types/iso-time.js';

/** Footers of parts that were read last, by their weight once parsed: about sixteen times their bytes. */
const CACHED_METADATA_BYTES = 64 * 1024 * 1024;
const PARSED_FACTOR = 16;
/** What is read of a part's end at first: enough for the footer of most. */
const FOOTER_BYTES = 64 * 1024;

const metadataCache = new BoundedCache<FileMetaData>(CACHED_METADATA_BYTES);

/** Points in time as ISO text with all their digits, JSON as text: what becomes of them is for `toJsonValue` to say. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => isoTimestamp(millis * 1_000n),
  timestampFromMicroseconds: isoTimestamp,
  timestampFromNanoseconds: (nanos) => isoTimestamp(nanos / 1_000n),
  dateFromDays: (days: number | null) => (days === null || days === undefined ? null : isoDate(days)),
  jsonFromBytes: (bytes: Uint8Array | null) => (bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') : null),
};
for (const name of ['timestampFromMilliseconds', 'timestampFromMicroseconds', 'timestampFromNanoseconds'] as const) {
  const parse = parsers[name] as (value: bigint) => string;
  parsers[name] = (value: bigint | null | undefined) => (value === null || value === undefined ? null : parse(value));
}

/** A part in storage as hyparquet reads it: by ranges, never as a whole. */
const bufferOf = (storage: Storage, { key, bytes }: Part): AsyncBuffer => ({
  byteLength: bytes,
  slice: async (start, end = bytes) => {
    const content = await storage.read(key, { start, end });
    return content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength) as ArrayBuffer;
  },
});

const metadataOf = async (storage: Storage, part: Part, file: AsyncBuffer): Promise<FileMetaData> => {
  const name = `${storage.url} ${part.key} ${part.sha256}`;
  const kept = metadataCache.get(name);
  if (kept) return kept;
  const metadata = await parquetMetadataAsync(file, { parsers, initialFetchSize: FOOTER_BYTES });
  metadataCache.set(name, metadata, metadata.metadata_length * PARSED_FACTOR);
  return metadata;
};

/** Rows `start` (counted) to `end` (not counted) of a part, only these columns, in the part's order. */
export const readPart = async (
  storage: Storage,
  part: Part,
  { start, end, columns }: { start: number; end: number; columns: string[] },
): Promise<Record<string, unknown>[]> => {
  // hyparquet gives no rows at all where no column is asked for.
  if (columns.length === 0) return Array.from({ length: Math.max(0, Math.min(end, part.rows) - start) }, () => ({}));
  const file = bufferOf(storage, part);
  const metadata = await metadataOf(storage, part, file);
  if (Number(metadata.num_rows) !== part.rows)
    throw new InternalError('part_damaged', `The part ${part.key} holds ${metadata.num_rows} rows, its manifest says ${part.rows}.`);
  return parquetReadObjects({ file, metadata, compressors, parsers, columns, rowStart: start, rowEnd: end, utf8: false });
};
