import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ClusterConfig } from '@apwa/config';
import { urlOf } from '@apwa/messaging';
import { InternalError, type NatsAccess } from '@apwa/contracts';
import { ensureRay, JobsClient, LocalHead, tokenFrom } from '@apwa/ray';
import { type Logger } from '../settings.js';

/** The way to a cluster: to one that is there, or to one that is started for it. */
export interface ClusterAccess {
  /** Whether members go on without this executor, and are there when it comes back. */
  readonly outlivesExecutor: boolean;
  /** Resolves when there is somebody to talk to. Throws what keeps it from that. */
  reach(signal: AbortSignal): Promise<JobsClient>;
  /** How the fabric is told where NATS is, as arguments of its command line. */
  natsArguments(): readonly string[];
  stop(): Promise<void>;
}

/** A cluster that somebody else runs. */
export class RemoteAccess implements ClusterAccess {
  readonly outlivesExecutor = true;
  readonly #jobs: JobsClient;

  constructor(
    private readonly config: ClusterConfig,
    private readonly nats: NatsAccess,
  ) {
    if (config.address === undefined) throw new InternalError('no_address', `Cluster ${config.name} has no address.`);
    this.#jobs = new JobsClient({ address: config.address, token: tokenFrom(config.tokenFile) });
  }

  async reach(): Promise<JobsClient> {
    return this.#jobs;
  }

  natsArguments(): readonly string[] {
    const { natsUrlFile, natsUrl = this.nats.url, natsCaFile } = this.config;
    const place = natsUrlFile === undefined ? ['--nats-url', natsUrl] : ['--nats-url-file', natsUrlFile];
    return [...place, ...(natsCaFile === undefined ? [] : ['--nats-ca-file', natsCaFile])];
  }

  async stop(): Promise<void> {}
}

/** A cluster on this machine that lives and dies with this executor. */
export class LocalAccess implements ClusterAccess {
  readonly outlivesExecutor = false;
  #head: LocalHead | undefined;
  #folder: string | undefined;

  constructor(
    private readonly config: ClusterConfig,
    private readonly nats: NatsAccess,
    private readonly log: Logger,
  ) {}

  /** Starts the head, the first time and whenever it has ended. PermanentError `ray_missing` if Ray can't be had here. */
  async reach(signal: AbortSignal): Promise<JobsClient> {
    if (!this.#head?.running) this.#head = await this.#start(signal);
    return new JobsClient({ address: this.#head.address, token: tokenFrom(this.#head.tokenFile) });
  }

  /** In a file: arguments of jobs can be read by everybody who may look at the cluster. */
  natsArguments(): readonly string[] {
    const { caFile } = this.nats;
    return ['--nats-url-file', this.#natsUrlFile(), ...(caFile === undefined ? [] : ['--nats-ca-file', resolve(caFile)])];
  }

  async stop(): Promise<void> {
    await this.#head?.stop();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(signal: AbortSignal): Promise<LocalHead> {
    await this.#head?.stop();
    const { name, cpus = availableParallelism() } = this.config;
    const python = await ensureRay((line) => this.log.info({ cluster: name }, line));
    this.#folder ??= await mkdtemp(join(tmpdir(), `apwa-ray-${name}-`));
    await writeFile(this.#natsUrlFile(), urlOf(this.nats, 'fabric'), { mode: 0o600 });
    this.log.info({ cluster: name, cpus }, 'starting a Ray head on this machine');
    return LocalHead.start({ python, cpus, logFile: join(this.#folder, 'head.log') }, signal);
  }

  #natsUrlFile(): string {
    if (!this.#folder) throw new InternalError('not_started', `Cluster ${this.config.name} is not started.`);
    return join(this.#folder, 'nats-url');
  }
}
