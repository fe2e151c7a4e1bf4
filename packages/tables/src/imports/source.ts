import { createReadStream, createWriteStream } from 'node:fs';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RefusedError } from '@apwa/contracts';
import { type LocalFile } from '../jobs/protocol.js';
import { badInput, faultOfFile } from './bad-input.js';

const CHUNK_BYTES = 1 << 18;
/** How many times its size a file may grow by unpacking, if that is less than the limit of the configuration. */
const LARGEST_GROWTH = 250;
/** Files that unpack to less than this may have grown by more. */
const SMALL_BYTES = 256 * 1024 * 1024;

export interface SourceLimits {
  maxRowBytes: number;
  maxInflatedBytes: number;
}

const isGzip = (file: LocalFile): boolean => /\.gz$/i.test(file.name);

/** Bytes that a file of this size may hold once unpacked. */
export const inflatedLimit = (bytes: number, { maxInflatedBytes }: SourceLimits): number =>
  Math.min(maxInflatedBytes, Math.max(SMALL_BYTES, bytes * LARGEST_GROWTH));

/** A file's bytes in pieces, unpacked where its name ends in `.gz`, counted while it is unpacked. */
export async function* readSource(file: LocalFile, limits: SourceLimits): AsyncIterable<Buffer> {
  const raw: Readable = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  const unpacked = isGzip(file) ? raw.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : raw;
  raw.on('error', (error) => unpacked.destroy(error));
  const limit = isGzip(file) ? inflatedLimit(file.bytes, limits) : Number.POSITIVE_INFINITY;
  let bytes = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw tooMuch(file, limit);
      yield chunk;
    }
  } catch (thrown) {
    throw faultOfFile(file.name, thrown);
  } finally {
    raw.destroy();
    unpacked.destroy();
  }
}

/** A small file that becomes a huge one. */
export class TooMuch extends RefusedError {}

export const tooMuch = (file: LocalFile, limit: number): TooMuch => {
  const { code, message, details } = badInput(file.name, null, `it unpacks to more than ${limit} bytes`, {
    allowed: `${limit} bytes once unpacked, for a file of ${file.bytes} bytes`,
  });
  return new TooMuch(code, message, details);
};

/** A file as one that can be read at any place: an unpacked copy at `path`, if it is packed. */
export const unpackTo = async (file: LocalFile, path: string, limits: SourceLimits): Promise<LocalFile> => {
  if (!isGzip(file)) return file;
  const out = createWriteStream(path, { flags: 'wx' });
  await pipeline(readSource(file, limits), out);
  return { path, name: file.name, bytes: out.bytesWritten };
};
