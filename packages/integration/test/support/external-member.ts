import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OwnedProcess, tcpProxy, type TcpProxy } from '@apwa/test-kit';
import { type System } from './system.js';

const ENTRY = fileURLToPath(new URL('../../../../apps/worker-pool/dist/main.js', import.meta.url));

/** A configuration whose members the test runs itself. */
export const externalPool = (slots: number): Record<string, unknown> => ({
  pools: [{ name: 'default', backend: 'external', slots }],
});

let members = 0;

/** The built worker pool as a process of the test's own, with a proxy between it and NATS. */
export class ExternalMember {
  private constructor(
    readonly process: OwnedProcess,
    readonly nats: TcpProxy,
  ) {}

  static async start(system: System): Promise<ExternalMember> {
    const { nats } = await system.config();
    const proxy = await tcpProxy(nats.url);
    const logFile = join(system.stack.dir, 'logs', `member-${++members}.log`);
    const child = await OwnedProcess.start({
      name: 'member',
      command: process.execPath,
      args: ['--enable-source-maps', ENTRY],
      env: { ...process.env, NODE_OPTIONS: '', APWA_CONFIG: system.configFile, APWA__nats__url: proxy.url, APWA_LIFELINE: '1' },
      logFile,
      lifeline: true,
    });
    // Loading a service takes seconds on a busy machine; a member that cannot start tells why.
    await child.whenReady(async () => (await readFile(logFile, 'utf8')).includes('"msg":"ready"'), 60_000);
    return new ExternalMember(child, proxy);
  }

  /** What a crash looks like. */
  async kill(): Promise<void> {
    await this.process.kill();
    await this.nats.close();
  }

  async stop(): Promise<void> {
    if (this.process.running) await this.process.stop('SIGTERM', 20_000);
    await this.nats.close();
  }
}
