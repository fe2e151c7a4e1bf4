import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const MAIN = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist/main.js');

/** A real member: the built service in a process of its own. */
export class MemberProcess {
  readonly lines: Record<string, unknown>[] = [];
  readonly exited: Promise<number | NodeJS.Signals>;
  private errors = '';

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? -1)));
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  static start(config: string, env: NodeJS.ProcessEnv = {}): MemberProcess {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('APWA_') && name !== 'NODE_OPTIONS'),
    );
    const child = spawn(process.execPath, ['--no-warnings', MAIN], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...inherited, APWA_CONFIG: config, APWA_LIFELINE: '1', APWA_LOG_LEVEL: 'debug', ...env },
    });
    return new MemberProcess(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  async ready(): Promise<this> {
    await until(() => {
      if (this.child.exitCode !== null) throw new Error(`the member ended at once: ${this.log()}`);
      return this.said('ready');
    });
    return this;
  }

  said(message: string): boolean {
    return this.lines.some(({ msg }) => msg === message);
  }

  log(): string {
    return [...this.lines.map((line) => JSON.stringify(line)), this.errors].join('\n');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}
