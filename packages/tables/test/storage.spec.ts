import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { createHash, randomBytes } from 'node:crypto';
import { CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { newId } from '@apwa/contracts';
import { ensureS3Binary, INSTALL_TIMEOUT_MS, S3Server } from '@apwa/test-kit';
import { openStorage, type Storage } from '../src/index.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface Opened {
  storage: Storage;
  /** Begins a write of so many bytes, and dies. */
  dieWriting: (bytes: number) => Promise<void>;
  close: () => Promise<void>;
}

/** The contract that every kind of storage keeps. */
const keepsTheContract = (open: () => Promise<Opened>) => {
  let storage: Storage;
  let dieWriting: Opened['dieWriting'];
  let close: () => Promise<void>;
  beforeAll(async () => ({ storage, dieWriting, close } = await open()), 180_000);
  afterAll(async () => {
    storage.close();
    await close();
  });
  const newKey = () => `uploads/${newId('upload')}/0`;

  it('should give back what was written, as a whole, by ranges and as a stream', async () => {
    const key = newKey();
    const content = randomBytes(300_000);
    expect(await storage.write(key, content)).toEqual({ bytes: content.length, sha256: sha256(content) });
    expect(Buffer.compare(Buffer.from(await storage.read(key)), content)).toBe(0);
    expect([...(await storage.read(key, { start: 10, end: 20 }))]).toEqual([...content.subarray(10, 20)]);
    expect((await storage.read(key, { start: 299_990, end: 400_000 })).length).toBe(10);
    expect((await storage.read(key, { start: 400_000, end: 400_010 })).length).toBe(0);
    expect((await storage.read(key, { start: 5, end: 5 })).length).toBe(0);
    const pieces: Buffer[] = [];
    for await (const piece of await storage.stream(key)) pieces.push(piece as Buffer);
    expect(sha256(Buffer.concat(pieces))).toBe(sha256(content));
  });

  it('should write a stream that is larger than a piece of an upload', async () => {
    const key = newKey();
    const piece = randomBytes(1 << 20);
    const pieces = Array.from({ length: 37 }, () => piece);
    const written = await storage.write(key, Readable.from(pieces));
    expect(written).toEqual({ bytes: 37 << 20, sha256: sha256(Buffer.concat(pieces)) });
    expect(await storage.describe(key)).toEqual(written);
    expect(Buffer.compare(Buffer.from(await storage.read(key, { start: 20 << 20, end: (20 << 20) + 9 })), piece.subarray(0, 9))).toBe(0);
  });

  it('should write nothing of a stream that breaks off', async () => {
    const key = newKey();
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('beginning');
        throw new Error('the sender is gone');
      })(),
    );
    await expect(storage.write(key, broken)).rejects.toThrow('the sender is gone');
    expect(await storage.describe(key)).toBeNull();
  });

  it('should store a local file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'apwa-storage-'));
    await writeFile(join(folder, 'a'), 'content');
    const key = newKey();
    expect(await storage.writeFile(key, join(folder, 'a'))).toEqual({ bytes: 7, sha256: sha256(Buffer.from('content')) });
    expect(Buffer.from(await storage.read(key)).toString()).toBe('content');
    await rm(folder, { recursive: true });
  });

  it('should take the same bytes again and refuse others under a key', async () => {
    const key = newKey();
    const first = await storage.write(key, Buffer.from('one'));
    expect(await storage.write(key, Buffer.from('one'))).toEqual(first);
    await expect(storage.write(key, Buffer.from('two'))).rejects.toMatchObject({ code: 'key_exists', class: 'permanent' });
    expect(Buffer.from(await storage.read(key)).toString()).toBe('one');
  });

  it('should let one of many writers at once win, whole', async () => {
    const key = newKey();
    const contents = Array.from({ length: 8 }, (_, at) => Buffer.alloc(200_000, at));
    const outcomes = await Promise.allSettled(contents.map((content) => storage.write(key, content)));
    const there = await storage.read(key);
    expect(contents.some((content) => Buffer.compare(content, there) === 0)).toBe(true);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
  });

  it('should write an empty object', async () => {
    const key = newKey();
    await storage.write(key, new Uint8Array());
    expect(await storage.describe(key)).toEqual({ bytes: 0, sha256: sha256(Buffer.alloc(0)) });
    expect((await storage.read(key)).length).toBe(0);
  });

  it('should say that an object is not there', async () => {
    const key = newKey();
    expect(await storage.describe(key)).toBeNull();
    await expect(storage.read(key)).rejects.toMatchObject({ code: 'no_such_object' });
    await expect(storage.stream(key)).rejects.toMatchObject({ code: 'no_such_object' });
    await storage.delete(key);
  });

  it('should list by prefix and delete', async () => {
    const upload = newId('upload');
    for (const name of ['0', '1', '10']) await storage.write(`uploads/${upload}/${name}`, Buffer.from(name));
    const keysOf = async (prefix: string) => {
      const keys: string[] = [];
      for await (const { key, bytes, modifiedAt } of storage.list(prefix)) {
        expect(bytes).toBe(key.split('/').at(-1)?.length);
        expect(Math.abs(Date.now() - modifiedAt.getTime())).toBeLessThan(120_000);
        keys.push(key);
      }
      return keys.sort();
    };
    expect(await keysOf(`uploads/${upload}/`)).toEqual([`uploads/${upload}/0`, `uploads/${upload}/1`, `uploads/${upload}/10`]);
    expect(await keysOf(`uploads/${upload}/1`)).toEqual([`uploads/${upload}/1`, `uploads/${upload}/10`]);
    expect(await keysOf('parts/nothing')).toEqual([]);
    await storage.delete(`uploads/${upload}/1`);
    expect(await keysOf(`uploads/${upload}/`)).toEqual([`uploads/${upload}/0`, `uploads/${upload}/10`]);
  });

  it('should find what writes have left that never ended, and remove it', async () => {
    const found = async () => {
      const writes = [];
      for await (const write of storage.unfinished()) writes.push(write);
      return writes;
    };
    const key = newKey();
    await storage.write(key, Buffer.from('stays'));
    expect(await found()).toEqual([]);
    await dieWriting(6 << 20);
    const [left, ...others] = await found();
    expect(others).toEqual([]);
    expect(left?.bytes).toBe(6 << 20);
    expect(Math.abs(Date.now() - (left?.modifiedAt.getTime() ?? 0))).toBeLessThan(120_000);
    await storage.discard(left?.id ?? '');
    expect(await found()).toEqual([]);
    await storage.discard(left?.id ?? '');
    expect(Buffer.from(await storage.read(key)).toString()).toBe('stays');
  });

  it('should tidy up what is empty, and nothing else', async () => {
    const [one, two] = [newId('upload'), newId('upload')];
    const keys = [`uploads/${one}/a/b/0`, `uploads/${two}/0`];
    for (const key of keys) await storage.write(key, Buffer.from('x'));
    await storage.delete(keys[0] ?? '');
    await storage.tidy(`uploads/${one}/`);
    await storage.tidy(`uploads/${two}/`);
    await storage.tidy('uploads/upl_none/');
    expect(await storage.describe(keys[1] ?? '')).not.toBeNull();
    await storage.write(keys[0] ?? '', Buffer.from('again'));
    expect(await storage.describe(keys[0] ?? '')).toMatchObject({ bytes: 5 });
  });

  it.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', './a', '.hidden', 'a/', 'a\0b', 'a b', 'a\\b', 'ä', 'x'.repeat(300)])(
    'should refuse the key %j',
    async (key) => {
      await expect(storage.write(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'invalid_key', class: 'refused' });
      await expect(storage.read(key)).rejects.toMatchObject({ code: 'invalid_key' });
    },
  );
};

describe('storage in a folder', () => {
  let folder: string;
  keepsTheContract(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-storage-'));
    return {
      storage: await openStorage({ url: pathToFileURL(folder).href }),
      dieWriting: (bytes) => writeFile(join(folder, '.tmp', randomBytes(12).toString('hex')), randomBytes(bytes)),
      close: () => rm(folder, { recursive: true }),
    };
  });

  it('should keep no folders of what is gone', async () => {
    const storage = await openStorage({ url: pathToFileURL(folder).href });
    const stage = newId('stage');
    await storage.write(`journal/${stage}/shd_a/0.json`, Buffer.from('x'));
    await storage.tidy(`journal/${stage}/`);
    expect(await readdir(join(folder, 'journal', stage))).toEqual(['shd_a']);
    await storage.delete(`journal/${stage}/shd_a/0.json`);
    await storage.tidy(`journal/${stage}/`);
    expect(await readdir(join(folder, 'journal'))).toEqual([]);
  });

  it.each(['../uploads', '/etc/passwd', ''])('should discard nothing under the id %j', async (id) => {
    const storage = await openStorage({ url: pathToFileURL(folder).href });
    await expect(storage.discard(id)).rejects.toMatchObject({ code: 'invalid_key' });
  });

  it('should leave nothing prepared behind', async () => {
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  });
});

describe('storage on an S3 server', () => {
  beforeAll(ensureS3Binary, INSTALL_TIMEOUT_MS);
  keepsTheContract(async () => {
    const server = await S3Server.start();
    const { url, s3 } = server.options('some/prefix');
    const { accessKeyId, secretAccessKey, ...client } = s3;
    const dieWriting = async (bytes: number): Promise<void> => {
      const writer = new S3Client({ ...client, credentials: { accessKeyId, secretAccessKey } });
      const place = { Bucket: new URL(url).hostname, Key: `some/prefix/${newId('upload')}` };
      const { UploadId } = await writer.send(new CreateMultipartUploadCommand(place));
      const half = bytes / 2;
      for (const PartNumber of [1, 2])
        await writer.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body: randomBytes(half), ContentLength: half }));
      writer.destroy();
    };
    return { storage: await openStorage({ url, s3 }), dieWriting, close: () => server[Symbol.asyncDispose]() };
  });
});

describe('openStorage', () => {
  it.each(['http://host/x', 'file://host/x', '/tmp/x', 's3://', ''])('should refuse the URL %j', async (url) => {
    await expect(openStorage({ url })).rejects.toMatchObject({ code: 'invalid_config' });
  });

  it('should say when a server is not there', async () => {
    const storage = await openStorage({
      url: 's3://bucket',
      s3: { endpoint: 'http://127.0.0.1:1', region: 'us-east-1', accessKeyId: 'a', secretAccessKey: 'b' },
    });
    await expect(storage.read('a')).rejects.toMatchObject({ code: 'storage_unavailable', class: 'transient' });
  });
});
