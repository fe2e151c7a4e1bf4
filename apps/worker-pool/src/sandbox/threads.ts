import { InternalError } from '@apwa/contracts';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { READY, type Task, type TaskAnswer } from './tasks.js';

/** As it is built: tests, which run the sources, start it from there too. */
const THREAD = fileURLToPath(new URL('../../dist/sandbox/thread/main.js', import.meta.url));
/** Beyond the limit of a task before its thread is ended: most notice by themselves, and their thread can be kept. Milliseconds. */
const GRACE_MS = 200;
/** Of the thread's own heap: built-in capabilities work there. WebAssembly's memory is not in it. */
const HEAP_MB = 256;
const STACK_MB = 4;

export interface RunOptions {
  timeoutMs: number;
  /** Whether it is still worth beginning. */
  wanted: () => boolean;
}

interface Waiting {
  readonly task: Task;
  readonly options: RunOptions;
  readonly resolve: (answer: TaskAnswer | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads for what may loop or take all memory: each does one task at a time, and is ended at its limit and replaced, which the others
 * don't notice. They are given no environment.
 */
export class Threads {
  readonly #size: number;
  readonly #file: string;
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor({ size = Math.max(1, Math.min(4, availableParallelism())), file = THREAD }: { size?: number; file?: string } = {}) {
    this.#size = size;
    this.#file = file;
  }

  /** Has a thread ready before it is needed. */
  warm(): void {
    if (this.#all.size === 0 && !this.#closed) this.#start();
  }

  /** What came of it; null if it was not wanted any more when its turn came. Its limit counts from then on. */
  run(task: Task, options: RunOptions): Promise<TaskAnswer | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, options, resolve, reject });
      this.#next();
    });
  }

  /** What waits is not looked at before a thread is free; those who wait no longer are let go now. */
  wake(): void {
    this.#drop();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }

  #drop(): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--)
      if (!this.#waiting[index]?.options.wanted()) this.#waiting.splice(index, 1)[0]?.resolve(null);
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop();
      if (!thread) {
        if (this.#all.size < this.#size && !this.#closed) this.#start();
        return;
      }
      const waiting = this.#waiting.shift() as Waiting;
      if (waiting.options.wanted()) void this.#give(thread, waiting);
      else {
        waiting.resolve(null);
        this.#idle.push(thread);
      }
    }
  }

  async #give(thread: Thread, { task, options: { timeoutMs }, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve(await thread.run(task, timeoutMs));
    } catch (error) {
      reject(error as Error);
    }
    if (thread.alive) this.#idle.push(thread);
    this.#next();
  }

  #start(): void {
    const thread = new Thread(this.#file);
    this.#all.add(thread);
    thread.ready.then(
      () => {
        this.#idle.push(thread);
        this.#next();
      },
      // What makes it end makes the next one end too: nobody is to wait for ever.
      (error: Error) => this.#waiting.splice(0).forEach(({ reject }) => reject(error)),
    );
    void thread.ended.then(() => {
      this.#all.delete(thread);
      const index = this.#idle.indexOf(thread);
      if (index >= 0) this.#idle.splice(index, 1);
      if (thread.wasReady) this.#next();
    });
  }
}

/** One thread. */
class Thread {
  readonly #worker: Worker;
  #answer: ((answer: TaskAnswer) => void) | null = null;
  #outOfMemory = false;
  alive = true;
  wasReady = false;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;

  constructor(file: string) {
    this.#worker = new Worker(file, {
      name: 'sandbox',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 32, stackSizeMb: STACK_MB },
    });
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: TaskAnswer | typeof READY) => {
        if (message !== READY) return this.#settle(message);
        this.wasReady = true;
        this.#worker.unref();
        resolve();
      });
      this.#worker.once('error', (error: NodeJS.ErrnoException) => {
        this.#outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(new InternalError('no_sandbox', `A thread of the sandbox did not start: ${error.message}`, { cause: error }));
      });
      this.#worker.once('exit', () => reject(new InternalError('no_sandbox', 'A thread of the sandbox ended before it was ready.')));
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.alive = false;
        this.#settle(
          this.#outOfMemory
            ? { kind: 'failed', code: 'capability_out_of_memory', message: `it took more than ${HEAP_MB} MiB of memory` }
            : { kind: 'failed', code: 'capability_crashed', message: 'its thread ended' },
        );
        resolve();
      });
    });
  }

  /** What came of a task; the thread is ended if it is not done in time. */
  async run(task: Task, timeoutMs: number): Promise<TaskAnswer> {
    this.#worker.ref();
    const answer = new Promise<TaskAnswer>((resolve) => (this.#answer = resolve));
    const timer = setTimeout(() => {
      this.alive = false;
      this.#settle({ kind: 'failed', code: 'capability_timeout', message: `it took longer than ${timeoutMs} ms` });
      void this.#worker.terminate();
    }, timeoutMs + GRACE_MS);
    try {
      this.#worker.postMessage(task);
      return await answer;
    } finally {
      clearTimeout(timer);
      if (this.alive) this.#worker.unref();
    }
  }

  async end(): Promise<void> {
    this.alive = false;
    await this.#worker.terminate();
  }

  #settle(answer: TaskAnswer): void {
    this.#answer?.(answer);
    this.#answer = null;
  }
}
