import { type Readable } from 'node:stream';
import { type Entry, type ZipFile, openPromise } from './yauzl.js';
import { type LocalFile } from '../jobs/protocol.js';
import { badInput } from './bad-input.js';
import { inflatedLimit, type SourceLimits, tooMuch } from './source.js';

const MOST_ENTRIES = 10_000;

/** The entries of a zip file by name; what is unpacked of all of them together is counted and limited. */
export class ZipArchive {
  private unpacked = 0;
  private readonly limit: number;

  private constructor(
    private readonly file: LocalFile,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
    limits: SourceLimits,
  ) {
    this.limit = inflatedLimit(file.bytes, limits);
  }

  static async open(file: LocalFile, limits: SourceLimits): Promise<ZipArchive> {
    const zip = await openPromise(file.path);
    if (zip.entryCount > MOST_ENTRIES)
      throw badInput(file.name, null, `it holds ${zip.entryCount} entries`, { allowed: `${MOST_ENTRIES} at most` });
    const entries = new Map<string, Entry>();
    await new Promise<void>((resolve, reject) => {
      zip.on('entry', (entry: Entry) => {
        entries.set(entry.fileName.toLowerCase(), entry);
        zip.readEntry();
      });
      zip.once('end', resolve);
      zip.once('error', reject);
      zip.readEntry();
    });
    return new ZipArchive(file, zip, entries, limits);
  }

  has(name: string): boolean {
    return this.entries.has(name.toLowerCase());
  }

  /** Names of the entries, in lower case. */
  names(): string[] {
    return [...this.entries.keys()];
  }

  /** The text of an entry, in pieces. */
  async *read(name: string): AsyncIterable<string> {
    const entry = this.entries.get(name.toLowerCase());
    if (!entry) throw badInput(this.file.name, null, `it has no ${name}`, { allowed: 'a complete document' });
    const stream = await new Promise<Readable>((resolve, reject) =>
      this.zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened))),
    );
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        this.unpacked += chunk.length;
        if (this.unpacked > this.limit) throw tooMuch(this.file, this.limit);
        yield decoder.decode(chunk, { stream: true });
      }
      yield decoder.decode();
    } finally {
      stream.destroy();
    }
  }

  close(): void {
    this.zip.close();
  }
}
