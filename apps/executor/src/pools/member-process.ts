import { type ChildProcess, spawn } from 'node:child_process';
import { type Readable } from 'node:stream';
import { type MemberEnd } from '@apwa/contracts';
import { LineTail } from './line-tail.js';
import { type MemberCommand } from './member-command.js';
import { type LaunchedMember } from './launched-member.js';
import { type MemberDeath } from './pool-backend.js';

/** Takes a line that a member printed. */
export type Output = (stream: 'stdout' | 'stderr', line: string) => void;

export interface MemberProcessOptions {
  instance: string;
  command: MemberCommand;
  env: NodeJS.ProcessEnv;
  output: Output;
  /** Called once, whatever happened, and never before the constructor has returned. */
  onEnd: (death: MemberDeath) => void;
}

/** After its end, the last words of a process are waited for this long: somebody that it started may keep its output open. */
const LAST_WORDS_MS = 250;

/**
 * One member as a child process. Its standard input is its lifeline: it ends with this process. It has a process group of its own,
 * so that Ctrl-C in a terminal reaches this process alone, which then drains it, and so that nothing it started outlives it.
 */
export class MemberProcess implements LaunchedMember {
  readonly placed = true;
  readonly instance: string;
  /** Undefined if there never was one. */
  readonly #child: ChildProcess | undefined;
  readonly #tail = new LineTail();
  #asked = false;
  #why: string | null = null;
  #gone = false;
  #drain: NodeJS.Timeout | undefined;

  constructor({ instance, command, env, output, onEnd }: MemberProcessOptions) {
    this.instance = instance;
    const child = launch(command, env);
    this.#child = child instanceof Error ? undefined : child;
    this.#child?.stdin?.on('error', () => undefined); // it may be gone before it has read the end
    this.#follow(this.#child?.stdout, (line) => output('stdout', line));
    this.#follow(this.#child?.stderr, (line) => output('stderr', line));
    void (child instanceof Error ? Promise.resolve(notStarted(child)) : this.#endOf(child)).then((end) => {
      onEnd({ instance, end, asked: this.#asked, why: this.#why, lastLines: this.#tail.lines });
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** SIGTERM, and SIGKILL when it is still there after `graceMs`. */
  drain(graceMs: number, why: string | null = null): void {
    if (this.#asked || this.#gone) return;
    this.#asked = true;
    this.#why = why;
    this.#child?.kill('SIGTERM');
    this.#drain = setTimeout(() => this.kill(), graceMs);
  }

  /** Ends it at once, with all that it started. `why`: not for want of it, but because it hangs. */
  kill(why: string | null = null): void {
    if (this.#gone) return;
    this.#asked ||= why === null;
    this.#why ??= why;
    this.#killGroup();
  }

  async #endOf(child: ChildProcess): Promise<MemberEnd> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const end = await new Promise<MemberEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ? { kind: 'killed', signal } : { kind: 'exited', code: code ?? 0 }));
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(notStarted(error));
      });
    });
    this.#gone = true;
    clearTimeout(this.#drain);
    if (end.kind === 'not_started') return end;
    this.#killGroup();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([closed, new Promise((resolve) => (timer = setTimeout(resolve, LAST_WORDS_MS)))]);
    clearTimeout(timer);
    return end;
  }

  #follow(stream: Readable | null | undefined, handOn: (line: string) => void): void {
    const lines = this.#tail.stream(handOn);
    stream
      ?.setEncoding('utf8')
      .on('data', (text: string) => lines.write(text))
      .on('error', () => undefined)
      .once('close', () => lines.end());
  }

  #killGroup(): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      // ESRCH: nobody is left in it. EPERM: as macOS says it of one that holds only what is not reaped yet.
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Some errors are thrown at once (no memory for a process), others are an event (no such program). */
const launch = ({ program, args }: MemberCommand, env: NodeJS.ProcessEnv): ChildProcess | Error => {
  try {
    return spawn(program, args, { env, stdio: 'pipe', detached: true });
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
};

const notStarted = ({ message }: Error): MemberEnd => ({ kind: 'not_started', message });
