import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ApwaError, InternalError, TransientError } from '@apwa/contracts';
import { guard, startGuard, unguard } from './guard.js';
import { descendantsOf, isAlive, signal } from './process-table.js';
import { until } from './until.js';

export interface ProcessSpec {
  /** What messages call it. */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** What it prints is appended to this file. */
  logFile: string;
  /** Gives it a standard input that ends with this process, for children that watch it themselves. */
  lifeline?: boolean;
}

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process of ours in a session of its own: it is stopped in order, or dies with this process. */
export class OwnedProcess {
  readonly pid: number;
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  #end: ProcessEnd | undefined;

  private constructor(
    readonly spec: ProcessSpec,
    readonly child: ChildProcess,
    readonly logStart: number,
  ) {
    this.pid = child.pid as number;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, exitSignal) => {
        this.#end = { code, signal: exitSignal };
        unguard(this.pid);
        resolve(this.#end);
      });
    });
  }

  static async start(spec: ProcessSpec): Promise<OwnedProcess> {
    startGuard();
    // The log is a file that the child writes itself: nothing passes through this process, and nothing is lost if it dies.
    const log = openSync(spec.logFile, 'a');
    const logStart = await sizeOf(spec.logFile);
    try {
      const child = spawn(spec.command, spec.args, {
        stdio: [spec.lifeline ? 'pipe' : 'ignore', log, log],
        detached: true,
        env: spec.env,
        cwd: spec.cwd,
        uid: spec.uid,
        gid: spec.gid,
      });
      if (child.pid) guard(child.pid);
      child.stdin?.on('error', () => undefined);
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) => {
          reject(new InternalError('not_started', `${spec.name} could not be started: ${cause.message}`, { cause }));
        });
      });
      return new OwnedProcess(spec, child, logStart);
    } finally {
      closeSync(log);
    }
  }

  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /** Itself and all of its descendants. */
  async tree(): Promise<number[]> {
    return this.running ? [this.pid, ...(await descendantsOf(this.pid))] : [];
  }

  /** Sends a signal to the process and its descendants; after SIGKILL it waits until all of them are gone. */
  async kill(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const tree = await this.tree();
    for (const pid of tree) signal(pid, name);
    if (name !== 'SIGKILL' || tree.length === 0) return;
    await this.ended;
    await until(() => tree.every((pid) => !isAlive(pid)), { timeoutMs: 10_000, what: `the end of all processes of ${this.spec.name}` });
  }

  /** Ends it with `name`, and what is left of it and its descendants after the grace with SIGKILL. */
  async stop(name: NodeJS.Signals, graceMs: number): Promise<void> {
    if (!this.running) return;
    const tree = await this.tree();
    const gone = () => tree.every((pid) => !isAlive(pid));
    for (const pid of tree) signal(pid, 'SIGCONT'); // a paused process would not hear the signal
    signal(this.pid, name);
    await until(gone, { timeoutMs: graceMs, what: `${this.spec.name} to end` }).catch(() => undefined);
    for (const pid of tree) signal(pid, 'SIGKILL');
    await this.ended;
  }

  /** Resolves to itself when `ready` answers true. Else kills it and fails with the last lines of its log. */
  async whenReady(ready: () => Promise<boolean>, timeoutMs: number): Promise<this> {
    try {
      await this.untilReady(ready, timeoutMs);
      return this;
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  private async untilReady(ready: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    let dead = false;
    void this.ended.then(() => (dead = true));
    try {
      await until(async () => dead || (await ready()), { timeoutMs, what: `${this.spec.name} to be ready` });
    } catch (error) {
      const waited = ApwaError.from(error);
      throw new TransientError('not_ready', `${waited.message}. ${await this.lastWords()}`, { cause: error });
    }
    if (!dead) return;
    throw new InternalError(
      'ended_at_start',
      `${this.spec.name} ended at its start (${describeEnd(this.#end)}). ${await this.lastWords()}`,
    );
  }

  /** The last lines that it printed since it was started. */
  async lastLines(count = 12): Promise<string[]> {
    const file = await open(this.spec.logFile).catch(() => null);
    if (!file) return [];
    try {
      const { size } = await file.stat();
      const from = Math.max(this.logStart, size - 16 * 1024);
      const buffer = Buffer.alloc(Math.max(0, size - from));
      await file.read(buffer, 0, buffer.length, from);
      return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
    } finally {
      await file.close();
    }
  }

  private async lastWords(): Promise<string> {
    const lines = (await this.lastLines()).filter(Boolean);
    return lines.length ? `Its last lines (${this.spec.logFile}):\n${lines.join('\n')}` : `It printed nothing (${this.spec.logFile}).`;
  }
}

const describeEnd = (end: ProcessEnd | undefined): string => (end?.signal ? `signal ${end.signal}` : `exit code ${end?.code ?? 'unknown'}`);

const sizeOf = async (path: string): Promise<number> => {
  const file = await open(path);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
};
