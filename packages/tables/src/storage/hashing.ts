import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { type StoredObject } from './storage.js';

/** Passes bytes through, counting and hashing them. */
export class HashingStream extends Transform {
  private readonly hash: Hash = createHash('sha256');
  private bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: Error | null, chunk: Buffer) => void): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  /** Once everything has passed. */
  result(): StoredObject {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

export const describeStream = async (stream: Readable): Promise<StoredObject> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
};

/** Size and checksum of a local file, read once in bounded memory. */
export const describeFile = (path: string): Promise<StoredObject> => describeStream(createReadStream(path, { highWaterMark: 1 << 18 }));

export const describeBytes = (content: Uint8Array): StoredObject => ({
  bytes: content.byteLength,
  sha256: createHash('sha256').update(content).digest('hex'),
});
