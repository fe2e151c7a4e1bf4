import { type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type LocalFile } from '../jobs/protocol.js';
import { OUT_OF_MEMORY, spawnLimited, watchMemory } from '../jobs/limited-process.js';
import { type DocumentContent, DocumentFault, type DocumentLimits } from './document.js';
import { type ReaderReply, type ReaderRequest } from './reader/protocol.js';

/** The built process. The same path from `src` and from `dist`, so that tests run the very one that production runs. */
const READER = fileURLToPath(new URL('../../dist/documents/reader/main.js', import.meta.url));

/** A process reads so many documents, then another one takes its place: what parsers leave behind does not add up. */
const DOCUMENTS_PER_PROCESS = 200;
const LEAST_HEAP_MB = 128;
const LONGEST_STDERR = 8_192;

export interface ReaderOptions {
  /** The job's temporary folder. */
  folder: string;
  /** A name of its own for each reader of a job. */
  name: string;
  memoryMb: number;
  /** The longest that one document may take. */
  timeoutMs: number;
  limits: DocumentLimits;
}

interface Reading {
  resolve(document: DocumentContent): void;
  reject(fault: Error): void;
}

/**
 * Reads documents in a process of its own, one at a time. A document at which the process hangs, outgrows its memory or dies fails, and
 * the next one has a new process.
 */
export class DocumentReader {
  private child: ChildProcess | null = null;
  private readings = 0;
  private reading: Reading | null = null;

  constructor(private readonly options: ReaderOptions) {}

  /** Throws `DocumentFault`. */
  async read(file: LocalFile): Promise<DocumentContent> {
    const { folder, name, limits, timeoutMs, memoryMb } = this.options;
    if (this.readings >= DOCUMENTS_PER_PROCESS) this.close();
    const child = (this.child ??= this.start());
    this.readings += 1;
    const unpackedPath = `${folder}/in/unpacked-${name}`;
    const request: ReaderRequest = { file, unpackedPath, limits };
    const fail = (fault: DocumentFault): void => {
      this.reading?.reject(fault);
      this.close();
    };
    const timer = setTimeout(
      () => fail(new DocumentFault('document_timeout', `reading it took longer than ${timeoutMs} ms (limits.import.documentTimeoutMs)`)),
      timeoutMs,
    );
    const watch = watchMemory(child, memoryMb, () => fail(outOfMemory(memoryMb)));
    try {
      return await new Promise<DocumentContent>((resolve, reject) => {
        this.reading = { resolve, reject };
        child.stdin?.write(`${JSON.stringify(request)}\n`);
      });
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      this.reading = null;
      rmSync(unpackedPath, { force: true });
    }
  }

  close(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
    this.readings = 0;
  }

  private start(): ChildProcess {
    const { folder, memoryMb, timeoutMs } = this.options;
    const heapMb = Math.max(LEAST_HEAP_MB, Math.floor(memoryMb / 2));
    const cpuSeconds = Math.ceil(timeoutMs / 1_000) * DOCUMENTS_PER_PROCESS;
    const child = spawnLimited(READER, folder, { memoryMb, heapMb, cpuSeconds }, { detached: false });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-LONGEST_STDERR)));
    // A process that has died leaves a broken pipe: why it died is told by its end.
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      if (this.child !== child) return;
      const reply = JSON.parse(line) as ReaderReply;
      if ('document' in reply) this.reading?.resolve(reply.document);
      else this.reading?.reject(new DocumentFault(reply.fault.code, reply.fault.reason));
    });
    const ended = (how: string): void => {
      if (this.child !== child) return;
      this.child = null;
      this.readings = 0;
      this.reading?.reject(
        OUT_OF_MEMORY.test(stderr) ? outOfMemory(memoryMb) : new DocumentFault('document_broken', `what reads it has ended at it (${how})`),
      );
    };
    child.once('error', (error) => ended(error.message));
    child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    return child;
  }
}

const outOfMemory = (memoryMb: number): DocumentFault =>
  new DocumentFault('document_out_of_memory', `reading it took more than ${memoryMb} MB of memory (half of limits.import.memoryMb)`);
