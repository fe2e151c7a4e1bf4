import { RefusedError, TransientError, type Upload, newId } from '@apwa/contracts';
import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { notFound } from '../http/not-found.js';
import { CONFIG, type Config, LOG, type Logger, STORAGE } from '../settings.js';
import { UploadsRepository } from './uploads.repository.js';

/** An upload that a file is on its way to is noted as in use this often: however slow the file comes, nobody takes it for abandoned. */
const TOUCH_MS = 60_000;

/** Takes files on their way to becoming tables. Bytes flow through to storage; nothing is kept in memory. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly uploads: UploadsRepository,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async create(): Promise<Upload> {
    const id = newId('upload');
    await this.uploads.create(id);
    return { id, files: [] };
  }

  async show(id: string): Promise<Upload> {
    const { inUse: _, ...upload } = await this.find(id);
    return upload;
  }

  /** Stores a file. `declaredBytes`: what the request says of its length. An aborted request leaves nothing. */
  async put(id: string, name: string, body: Readable, declaredBytes: number | null): Promise<Upload> {
    if ((await this.find(id)).inUse) throw inUse(id);
    const limit = this.config.limits.uploadBytes;
    if (declaredBytes !== null && declaredBytes > limit) throw tooLarge(name, declaredBytes, limit);
    // A key of its own, so that a second request for the same name never touches what the first has written.
    const key = `uploads/${id}/${randomBytes(8).toString('hex')}`;
    const touch = (): void => void this.uploads.touch(id).catch(() => undefined);
    touch();
    const touching = setInterval(touch, TOUCH_MS).unref();
    try {
      const stored = await this.storage.write(key, limited(body, name, limit));
      const added = await this.uploads.add(id, { name, key, ...stored });
      switch (added.outcome) {
        case 'added':
          if (added.replaced) await this.remove(added.replaced);
          return await this.show(id);
        case 'in_use':
          throw inUse(id);
        case 'unknown':
          throw notFound('upload', id);
      }
    } catch (error) {
      await this.remove(key);
      throw error;
    } finally {
      clearInterval(touching);
    }
  }

  private async find(id: string): Promise<Upload & { inUse: boolean }> {
    const upload = await this.uploads.find(id);
    if (!upload) throw notFound('upload', id);
    return upload;
  }

  private async remove(key: string): Promise<void> {
    await this.storage.delete(key).catch((error: unknown) => this.log.warn({ key, err: error }, 'a file without use was not removed'));
  }
}

/** The body, cut off with an error where it passes the limit, or where whoever sends it goes away. */
const limited = (body: Readable, name: string, limit: number): Readable => {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.byteLength;
      if (bytes > limit) done(tooLarge(name, bytes, limit));
      else done(null, chunk);
    },
  });
  // pipeline() would end the request's socket with an error, and the answer with it: only what is written is ended.
  body.once('error', (error) => counted.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) counted.destroy(new TransientError('upload_aborted', `The upload of ${name} was cut off.`));
  });
  return body.pipe(counted);
};

const tooLarge = (name: string, bytes: number, limit: number): RefusedError =>
  new RefusedError('too_large', `The file ${name} is too large.`, {
    field: 'body',
    value: `${bytes} bytes`,
    allowed: `${limit} bytes at most (limits.uploadBytes)`,
  });

const inUse = (id: string): RefusedError =>
  new RefusedError('upload_in_use', `Upload ${id} is being imported: its files stay as they are.`, {
    field: 'id',
    value: id,
    allowed: 'a new upload',
  });
