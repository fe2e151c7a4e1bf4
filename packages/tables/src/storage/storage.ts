import { type Readable } from 'node:stream';

/** Bytes `start` (counted) to `end` (not counted) of an object. */
export interface ByteRange {
  start: number;
  end: number;
}

/** What is known of a stored object without reading it as a table: its size and the hex SHA-256 of its bytes. */
export interface StoredObject {
  bytes: number;
  sha256: string;
}

export interface ListedObject {
  key: string;
  bytes: number;
  modifiedAt: Date;
}

/** What a write has left that has not ended: it is under way, or its process died. */
export interface UnfinishedWrite {
  /** For `discard`. */
  id: string;
  bytes: number;
  /** When it went on last, or was begun. */
  modifiedAt: Date;
}

/**
 * Immutable objects under keys of our own making (see `checkKey`): a folder or a bucket.
 *
 * Writes are atomic and durable: an object is there with all its bytes or it is not there. A key that exists is never given
 * other bytes: writing the same bytes again is answered like the first time, others are refused (`key_exists`).
 * Errors: PermanentError `no_such_object`; TransientError `storage_unavailable`, `storage_full`.
 */
export interface Storage {
  /** `file:///…` or `s3://bucket/prefix`: for logs. */
  readonly url: string;
  /** The whole object, or a range of it; a range that passes the end is cut off there. */
  read(key: string, range?: ByteRange): Promise<Uint8Array>;
  stream(key: string): Promise<Readable>;
  write(key: string, content: Uint8Array | Readable): Promise<StoredObject>;
  /** Stores a copy of a local file. */
  writeFile(key: string, path: string): Promise<StoredObject>;
  /** Null if there is no such object. */
  describe(key: string): Promise<StoredObject | null>;
  /** An object that is not there counts as deleted. */
  delete(key: string): Promise<void>;
  /** Objects whose keys begin with `prefix`, in no particular order. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Writes that have not ended, of any key. */
  unfinished(): AsyncIterable<UnfinishedWrite>;
  /** Removes what an unfinished write has left; one that is not there counts as removed. */
  discard(id: string): Promise<void>;
  /** Removes the folders below a prefix `…/` that hold nothing any more, where storage has folders. Nothing may be written there. */
  tidy(prefix: string): Promise<void>;
  /** Where the object stands as a local file; null where storage is not local. */
  localPath(key: string): string | null;
  /** Lets connections go. */
  close(): void;
}

export interface S3Options {
  /** Of a server that is not Amazon's: `http://127.0.0.1:7070`. */
  endpoint?: string;
  region: string;
  /** Both or none: without them the SDK's own chain (environment, instance role) is asked. */
  accessKeyId?: string;
  secretAccessKey?: string;
  forcePathStyle?: boolean;
}

export interface StorageOptions {
  /** `file:///folder` or `s3://bucket/prefix`. */
  url: string;
  s3?: S3Options;
}
