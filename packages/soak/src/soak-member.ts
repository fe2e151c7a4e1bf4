import { OwnedProcess, tcpProxy, type TcpProxy } from '@apwa/test-kit';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../../apps/worker-pool/dist/main.js', import.meta.url));
const READY_MS = 60_000;
const GRACE_MS = 20_000;

export interface MemberSpec {
  configFile: string;
  natsUrl: string;
  logFile: string;
}

/** A member of the pool as a process of ours, with a proxy between it and NATS. */
export class SoakMember {
  private constructor(
    private readonly spec: MemberSpec,
    private child: OwnedProcess,
    readonly nats: TcpProxy,
  ) {}

  static async start(spec: MemberSpec): Promise<SoakMember> {
    const nats = await tcpProxy(spec.natsUrl);
    return new SoakMember(spec, await launch(spec, nats), nats);
  }

  /** It dies, and another one takes its place. */
  async crash(): Promise<void> {
    await this.child.kill();
    this.child = await launch(this.spec, this.nats);
  }

  pause(): Promise<void> {
    return this.child.kill('SIGSTOP');
  }

  resume(): Promise<void> {
    return this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.child.stop('SIGTERM', GRACE_MS);
    await this.nats.close();
  }
}

const launch = async ({ configFile, logFile }: MemberSpec, nats: TcpProxy): Promise<OwnedProcess> => {
  const child = await OwnedProcess.start({
    name: 'member',
    command: process.execPath,
    args: ['--enable-source-maps', ENTRY],
    env: { ...process.env, NODE_OPTIONS: '', APWA_CONFIG: configFile, APWA__nats__url: nats.url, APWA_LIFELINE: '1' },
    logFile,
    lifeline: true,
  });
  const joined = async () => (await readFile(logFile, 'utf8')).slice(child.logStart).includes('"msg":"ready"');
  return child.whenReady(joined, READY_MS);
};
