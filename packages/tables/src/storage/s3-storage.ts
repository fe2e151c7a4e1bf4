import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { keyExists, noSuchObject, storageFault } from './errors.js';
import { describeBytes, describeFile, describeStream, HashingStream } from './hashing.js';
import { checkKey, checkPrefix } from './keys.js';
import { abortUpload, type S3Place, unfinishedUploads } from './s3-unfinished.js';
import { type ByteRange, type ListedObject, type S3Options, type Storage, type StoredObject, type UnfinishedWrite } from './storage.js';

/** Bytes of a piece of a multipart upload: S3 allows 10,000 pieces, so an object may have 156 GiB. */
const PIECE_BYTES = 16 * 1024 * 1024;
/** Pieces of one object under way at once: what an upload holds in memory is this many pieces. */
const PIECES_AT_ONCE = 2;

const statusOf = (thrown: unknown): number | undefined =>
  (thrown as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;

/** A bucket, or the keys of one that begin with a prefix. */
export class S3Storage implements Storage {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly prefix: string;

  constructor(
    readonly url: string,
    options: S3Options,
  ) {
    const { hostname, pathname } = new URL(url);
    this.bucket = hostname;
    const prefix = pathname.replace(/^\/+|\/+$/g, '');
    this.prefix = prefix === '' ? '' : `${checkKey(prefix)}/`;
    const { accessKeyId, secretAccessKey } = options;
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
      throw new RefusedError('invalid_config', 'Of accessKeyId and secretAccessKey one alone is given.', {
        field: 'storage.s3',
        allowed: 'both, or none (then the environment or the instance role is asked)',
      });
    this.client = new S3Client({
      region: options.region,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } }),
      forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
      maxAttempts: 5,
      // Servers that are not Amazon's often refuse checksum trailers; our own SHA-256 covers every object anyhow.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  localPath(): null {
    return null;
  }

  async read(key: string, range?: ByteRange): Promise<Uint8Array> {
    if (range && range.end <= range.start) return new Uint8Array();
    return this.guarded(key, async () => {
      try {
        const { Body } = await this.get(key, range);
        return Body ? await Body.transformToByteArray() : new Uint8Array();
      } catch (thrown) {
        // The range begins after the end.
        if (statusOf(thrown) === 416) return new Uint8Array();
        throw thrown;
      }
    });
  }

  async stream(key: string): Promise<Readable> {
    return this.guarded(key, async () => (await this.get(key)).Body as Readable);
  }

  async write(key: string, content: Uint8Array | Readable): Promise<StoredObject> {
    checkKey(key);
    if (!(content instanceof Readable))
      return this.put(key, describeBytes(content), () => Buffer.from(content.buffer, content.byteOffset, content.length));
    // The checksum stands in the object's metadata, which goes before its bytes: a stream is put down on disk first.
    const spooled = join(tmpdir(), `apwa-upload-${randomBytes(12).toString('hex')}`);
    try {
      const hashing = new HashingStream();
      await pipeline(content, hashing, createWriteStream(spooled, { flags: 'wx', mode: 0o600 })).catch((thrown: unknown) => {
        throw storageFault(key, thrown);
      });
      return await this.put(key, hashing.result(), () => createReadStream(spooled));
    } finally {
      await rm(spooled, { force: true });
    }
  }

  async writeFile(key: string, path: string): Promise<StoredObject> {
    checkKey(key);
    return this.put(key, await describeFile(path), () => createReadStream(path));
  }

  async describe(key: string): Promise<StoredObject | null> {
    try {
      const head = await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: this.keyOf(key) }));
      const sha256 = head.Metadata?.['sha256'];
      // An object that somebody else put there carries no checksum of ours.
      if (sha256 === undefined) return await describeStream(await this.stream(key));
      return { bytes: head.ContentLength ?? 0, sha256 };
    } catch (thrown) {
      if (statusOf(thrown) === 404) return null;
      throw this.faultOf(key, thrown);
    }
  }

  async delete(key: string): Promise<void> {
    await this.guarded(key, () => this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: this.keyOf(key) }))).catch(
      (thrown: unknown) => {
        if ((thrown as { code?: string }).code !== 'no_such_object') throw thrown;
      },
    );
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const full = this.prefix + checkPrefix(prefix);
    let token: string | undefined;
    do {
      const page = await this.guarded(full, () =>
        this.client.send(new ListObjectsV2Command({ Bucket: this.bucket, Prefix: full, ContinuationToken: token })),
      );
      for (const { Key, Size, LastModified } of page.Contents ?? [])
        if (Key !== undefined && !Key.endsWith('/'))
          yield { key: Key.slice(this.prefix.length), bytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async *unfinished(): AsyncIterable<UnfinishedWrite> {
    try {
      yield* unfinishedUploads(this.place);
    } catch (thrown) {
      throw this.faultOf(this.prefix, thrown);
    }
  }

  async discard(id: string): Promise<void> {
    await abortUpload(this.place, id).catch((thrown: unknown) => {
      if (statusOf(thrown) !== 404) throw this.faultOf(id, thrown);
    });
  }

  async tidy(): Promise<void> {
    // A bucket has no folders.
  }

  close(): void {
    this.client.destroy();
  }

  private get place(): S3Place {
    const { client, bucket, prefix } = this;
    return { client, bucket, prefix };
  }

  private get(key: string, range?: ByteRange): Promise<GetObjectCommandOutput> {
    const Range = range && `bytes=${range.start}-${range.end - 1}`;
    return this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: this.keyOf(key), ...(Range === undefined ? {} : { Range }) }));
  }

  /**
   * An upload whose reply was lost is tried again by the SDK and finds its own object: what is there decides, by checksum
   * (HAZARDS K4). Servers without conditional writes are safe too, as keys hold the token of the attempt that writes them.
   */
  private async put(key: string, described: StoredObject, body: () => Buffer | Readable): Promise<StoredObject> {
    const there = await this.describe(key);
    if (there) return this.same(key, there, described);
    try {
      await new Upload({
        client: this.client,
        partSize: PIECE_BYTES,
        queueSize: PIECES_AT_ONCE,
        leavePartsOnError: false,
        params: {
          Bucket: this.bucket,
          Key: this.keyOf(key),
          Body: body(),
          Metadata: { sha256: described.sha256 },
          IfNoneMatch: '*',
        },
      }).done();
      return described;
    } catch (thrown) {
      if (statusOf(thrown) === 412) {
        const winner = await this.describe(key);
        if (winner) return this.same(key, winner, described);
      }
      throw this.faultOf(key, thrown);
    }
  }

  private same(key: string, there: StoredObject, wanted: StoredObject): StoredObject {
    if (there.sha256 !== wanted.sha256) throw keyExists(key);
    return wanted;
  }

  private keyOf(key: string): string {
    return this.prefix + checkKey(key);
  }

  private async guarded<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (thrown) {
      throw this.faultOf(key, thrown);
    }
  }

  private faultOf(key: string, thrown: unknown): Error {
    const name = (thrown as { name?: string }).name;
    if (name === 'NoSuchBucket')
      return new PermanentError('no_such_bucket', `The bucket ${this.bucket} does not exist.`, {
        field: 'storage.url',
        value: this.url,
        cause: thrown,
      });
    if (statusOf(thrown) === 404) return noSuchObject(key, thrown);
    if (statusOf(thrown) === 401 || statusOf(thrown) === 403)
      return new PermanentError('storage_denied', `The bucket ${this.bucket} refuses our key for ${key} (${name}).`, {
        field: 'storage.s3',
        cause: thrown,
      });
    if (statusOf(thrown) === 409)
      return new TransientError('storage_unavailable', `Another write to ${key} is under way.`, { cause: thrown });
    return storageFault(key, thrown);
  }
}
