import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ApwaError, InternalError, TransientError } from '@apwa/contracts';
import { causeOf } from './cause-of.js';
import { FABRIC_FOLDER } from './fabric-source.js';
import { JobsClient } from './jobs-client.js';
import { freePort, LOOPBACK } from './ports.js';

const START_TIMEOUT_MS = 150_000;
/** Of a head that ends before it is up: what it was to listen on may have been taken meanwhile. */
const START_ATTEMPTS = 3;
const LOOK_EVERY_MS = 100;
const STOP_TIMEOUT_MS = 20_000;

/**
 * What the processes of a cluster are started with. A node that is gone is noticed within three seconds and not fifteen; members
 * run with the same priority as everything else.
 */
const CLUSTER_ENVIRONMENT = {
  RAY_health_check_initial_delay_ms: '1000',
  RAY_health_check_period_ms: '1000',
  RAY_health_check_timeout_ms: '1000',
  RAY_health_check_failure_threshold: '3',
  RAY_worker_niceness: '0',
};

export interface LocalNodeOptions {
  /** Of the environment that has Ray. */
  python: string;
  /** CPUs, GPUs and other resources that Ray counts with here; memory as it finds it. */
  cpus: number;
  gpus?: number;
  custom?: Record<string, number>;
  labels?: Record<string, string>;
  /** What it prints is appended to this file. */
  logFile: string;
}

/** A node of a Ray cluster on this machine: it ends with this process. */
export class LocalNode {
  #ended = false;
  readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#ended = true;
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });
  }

  static start(python: string, args: string[], env: NodeJS.ProcessEnv, logFile: string): LocalNode {
    const log = openSync(logFile, 'a');
    // Jobs are started as `python`.
    const path = [dirname(python), process.env.PATH].filter(Boolean).join(delimiter);
    try {
      const child = spawn(python, ['-m', 'apwa_fabric.head', '--', ...args], {
        cwd: FABRIC_FOLDER,
        env: { ...process.env, ...CLUSTER_ENVIRONMENT, ...env, PATH: path, PYTHONDONTWRITEBYTECODE: '1' },
        stdio: ['pipe', log, log],
        detached: true,
      });
      child.stdin?.on('error', () => undefined);
      return new LocalNode(child);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** Resolves when nothing of the node is left. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Where a head is found, of all its lives. */
interface Place {
  readonly folder: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly gcsPort: number;
  readonly dashboardPort: number;
}

/** The head of a cluster of its own on this machine, which listens on loopback alone and asks for a token. */
export class LocalHead {
  #node: LocalNode;
  /** Nodes join one after the other: of two that start at once on one machine both take the same sockets, and one ends. */
  #joined: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: LocalNodeOptions,
    private readonly place: Place,
    node: LocalNode,
  ) {
    this.#node = node;
  }

  /** TransientError or InternalError `ray_not_started` if it does not come up. */
  static async start(options: LocalNodeOptions, signal?: AbortSignal): Promise<LocalHead> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await LocalHead.#startOnce(options, signal);
      } catch (thrown) {
        if (!(thrown instanceof InternalError) || attempt === START_ATTEMPTS) throw thrown;
      }
    }
  }

  static async #startOnce(options: LocalNodeOptions, signal?: AbortSignal): Promise<LocalHead> {
    const place = await newPlace();
    const head = new LocalHead(options, place, await launchHead(options, place));
    try {
      await head.#ready(signal);
      return head;
    } catch (thrown) {
      await head.stop();
      throw thrown;
    }
  }

  /** Of the Jobs API. */
  get address(): string {
    return `http://${LOOPBACK}:${this.place.dashboardPort}`;
  }

  /** Where drivers and further nodes connect. */
  get gcsAddress(): string {
    return `${LOOPBACK}:${this.place.gcsPort}`;
  }

  get tokenFile(): string {
    return this.place.tokenFile;
  }

  get running(): boolean {
    return this.#node.running;
  }

  get pid(): number | undefined {
    return this.#node.pid;
  }

  /** Starts it again, where it was: another cluster by Ray's count. */
  async restart(signal?: AbortSignal): Promise<void> {
    await this.#node.stop();
    await removeFolder(this.place);
    this.#node = await launchHead(this.options, this.place);
    await this.#ready(signal);
  }

  /** Adds a node on this machine; resolves when it has joined. TransientError or InternalError `ray_not_started` if it does not. */
  addNode(more: Omit<LocalNodeOptions, 'python' | 'logFile'>): Promise<LocalNode> {
    const node = this.#joined.then(() => this.#join(more));
    this.#joined = node.catch(() => undefined);
    return node;
  }

  async stop(): Promise<void> {
    await this.#node.stop();
    await removeFolder(this.place);
    await rm(this.tokenFile, { force: true });
  }

  async #join(more: Omit<LocalNodeOptions, 'python' | 'logFile'>): Promise<LocalNode> {
    const { python, logFile } = this.options;
    const name = randomBytes(8).toString('hex');
    const args = [`--address=${this.gcsAddress}`, `--node-name=${name}`, ...(await nodeArguments(more))];
    const node = LocalNode.start(python, args, tokenEnvironment(this.place), logFile);
    try {
      await this.#until(node, (jobs) => jobs.hasNode(name));
      return node;
    } catch (thrown) {
      await node.stop();
      throw thrown;
    }
  }

  /** Of what it has printed, the line that says why. */
  async #lastSaid(): Promise<string> {
    const { logFile } = this.options;
    return `${causeOf(await readFile(logFile, 'utf8').catch(() => ''))} (${logFile})`;
  }

  #ready(signal?: AbortSignal): Promise<void> {
    return this.#until(this.#node, (jobs) => jobs.version().then(() => true), signal);
  }

  /** Asks until the answer is yes. */
  async #until(node: LocalNode, isUp: (jobs: JobsClient) => Promise<boolean>, signal?: AbortSignal): Promise<void> {
    const jobs = new JobsClient({ address: this.address, token: async () => this.place.token, timeoutMs: 2_000 });
    const until = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      signal?.throwIfAborted();
      let why = 'the node has not joined';
      try {
        if (await isUp(jobs)) return;
      } catch (thrown) {
        why = ApwaError.from(thrown).message;
      }
      if (!node.running) throw new InternalError('ray_not_started', `Ray ended at its start: ${await this.#lastSaid()}`);
      if (performance.now() > until) throw new TransientError('ray_not_started', `Ray did not come up: ${why}; ${await this.#lastSaid()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

const newPlace = async (): Promise<Place> => {
  // Short: the paths of sockets are in it.
  const folder = join(tmpdir(), `apwa-ray-${randomBytes(4).toString('hex')}`);
  const tokenFile = `${folder}.token`;
  const token = randomBytes(24).toString('hex');
  await writeFile(tokenFile, token, { mode: 0o600 });
  return { folder, token, tokenFile, gcsPort: await freePort(), dashboardPort: await freePort() };
};

/** What a node's last processes still write comes between listing the folder and removing it: it is tried again then. */
const removeFolder = ({ folder }: Place): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 10 });

const tokenEnvironment = ({ tokenFile }: Place) => ({ RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN_PATH: tokenFile });

const launchHead = async (options: LocalNodeOptions, place: Place): Promise<LocalNode> => {
  const args = [
    '--head',
    `--port=${place.gcsPort}`,
    '--include-dashboard=true',
    `--dashboard-host=${LOOPBACK}`,
    `--dashboard-port=${place.dashboardPort}`,
    `--temp-dir=${place.folder}`,
    ...(await nodeArguments(options)),
  ];
  return LocalNode.start(options.python, args, tokenEnvironment(place), options.logFile);
};

const nodeArguments = async ({
  cpus,
  gpus = 0,
  custom = {},
  labels = {},
}: Omit<LocalNodeOptions, 'python' | 'logFile'>): Promise<string[]> => [
  `--node-ip-address=${LOOPBACK}`,
  `--num-cpus=${cpus}`,
  ...(gpus > 0 ? [`--num-gpus=${gpus}`] : []),
  `--resources=${JSON.stringify(custom)}`,
  ...(Object.keys(labels).length > 0
    ? [
        `--labels=${Object.entries(labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(',')}`,
      ]
    : []),
  '--object-store-memory=100000000',
  `--dashboard-agent-listen-port=${await freePort()}`,
  '--disable-usage-stats',
];
