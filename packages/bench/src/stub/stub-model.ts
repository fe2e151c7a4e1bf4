import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type StubCommand, type StubMessage, type StubStats } from './protocol.js';

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/** The stub model in a process of its own. */
export class StubModel {
  #next = 0;
  readonly #waiting = new Map<number, (stats: StubStats) => void>();

  private constructor(
    private readonly child: ChildProcess,
    /** `http://127.0.0.1:PORT/v1`. */
    readonly url: string,
  ) {
    child.on('message', (message: StubMessage) => {
      if (message.kind !== 'stats') return;
      this.#waiting.get(message.id)?.(message.stats);
      this.#waiting.delete(message.id);
    });
  }

  static async start(): Promise<StubModel> {
    const child = fork(PROGRAM, { execArgv: [] });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message: StubMessage) => {
        if (message.kind === 'listening') resolve(message.port);
      });
      child.once('exit', (code) => reject(new Error(`the stub model ended at its start with code ${code}`)));
    });
    return new StubModel(child, `http://127.0.0.1:${port}/v1`);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Answers after `latencyMs` from now on, and forgets what was seen. */
  async begin(latencyMs: number): Promise<void> {
    await this.#command({ latencyMs, reset: true });
  }

  /** Refuses what goes beyond so many requests per minute, from now on; null: nothing. */
  async limit(perMinute: number | null): Promise<void> {
    await this.#command({ perMinute });
  }

  /** Answers agents so many times by the call of a tool, and then for good; null: for good at once. */
  async converse(turns: number | null): Promise<void> {
    await this.#command({ turns });
  }

  /** Answers one row later than others; null: none. */
  async slow(row: Required<StubCommand>['slow']): Promise<void> {
    await this.#command({ slow: row });
  }

  stats(): Promise<StubStats> {
    return this.#command({});
  }

  stop(): void {
    this.child.disconnect();
  }

  #command(command: Omit<StubCommand, 'id'>): Promise<StubStats> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.child.send({ ...command, id } satisfies StubCommand);
    });
  }
}
