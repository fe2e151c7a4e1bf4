import { serviceEnvironment, startApp, type OwnedProcess } from '@apwa/stack';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tcpProxy, type TcpProxy } from './tcp-proxy.js';

/** Loading a service takes seconds on a busy machine. */
const READY_MS = 60_000;
const GRACE_MS = 20_000;

export interface ExternalMemberOptions {
  /** The configuration of its stack, of which it serves the first external pool. */
  configFile: string;
  natsUrl: string;
  /** Folder for what it prints. */
  logs: string;
  /** Further environment variables. */
  env?: NodeJS.ProcessEnv;
}

/** Starts a built service on a stack's configuration, on other ways to others than that says; resolves when it says that it is ready. */
export const startService = async (
  app: 'executor' | 'worker-pool',
  { configFile, logs, env }: Pick<ExternalMemberOptions, 'configFile' | 'logs'> & { env: NodeJS.ProcessEnv },
): Promise<OwnedProcess> => {
  const logFile = join(logs, `${app}-${++started}.log`);
  const ready = async () => (await readFile(logFile, 'utf8')).includes('"msg":"ready"');
  return startApp({ app, env: serviceEnvironment(configFile, env), logFile, ready, readyTimeoutMs: READY_MS });
};
let started = 0;

/** The built worker pool as a process of the test's own, with a proxy between it and NATS. */
export class ExternalMember {
  private constructor(
    private readonly options: ExternalMemberOptions,
    readonly nats: TcpProxy,
    private current: OwnedProcess,
  ) {}

  static async start(options: ExternalMemberOptions): Promise<ExternalMember> {
    const nats = await tcpProxy(options.natsUrl);
    return new ExternalMember(options, nats, await launch(options, nats));
  }

  get process(): OwnedProcess {
    return this.current;
  }

  /** What a crash looks like. */
  async kill(): Promise<void> {
    await this.current.kill();
    await this.nats.close();
  }

  /** A crash, after which another one takes its place behind the same proxy. */
  async replace(): Promise<void> {
    await this.current.kill();
    this.current = await launch(this.options, this.nats);
  }

  async stop(): Promise<void> {
    if (this.current.running) await this.current.stop('SIGTERM', GRACE_MS);
    await this.nats.close();
  }
}

const launch = (options: ExternalMemberOptions, { url }: TcpProxy): Promise<OwnedProcess> =>
  startService('worker-pool', { ...options, env: { ...options.env, APWA__nats__url: url } });
