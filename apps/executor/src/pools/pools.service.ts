import { Inject, Injectable } from '@nestjs/common';
import { type PoolConfig } from '@apwa/config';
import { CONFIG, LOG, MEMBER_COMMAND, TIMES, type Config, type Logger, type Timing } from '../settings.js';
import { describeDeath } from './describe-death.js';
import { ExternalBackend } from './external-backend.js';
import { isCrash } from './is-crash.js';
import { memberCommand } from './member-command.js';
import { type PoolBackend, type PoolEvent, type Slot } from './pool-backend.js';
import { ProcessesBackend } from './processes-backend.js';
import { ClustersService } from '../ray/clusters.service.js';
import { RayBackend } from '../ray/ray-backend.js';

export interface MembersListener {
  /**
   * The process of the member is gone for certain; `instance` as the member gave it when it joined, if it did. `crashed`: by a fault of
   * its own.
   */
  memberDied(instance: string, reason: string, crashed: boolean): void;
}

/** The end of a member that was not for want of work. */
export interface BadEnd {
  readonly at: Date;
  readonly reason: string;
}

/** The pools of the configuration, each with the backend that keeps its members. */
@Injectable()
export class PoolsService {
  readonly #backends = new Map<string, PoolBackend>();
  readonly #lastEnds = new Map<string, BadEnd>();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'pools'>,
    @Inject(MEMBER_COMMAND) private readonly command: readonly string[] | null,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
    @Inject(ClustersService) private readonly clusters: Pick<ClustersService, 'open' | 'start' | 'cluster' | 'stop'>,
  ) {}

  /** Once. Resolves when the members that are always there are on their way. RefusedError if a pool's can't be started at all. */
  async start(listener: MembersListener): Promise<void> {
    await this.clusters.open();
    const pools = this.config.pools.map((pool) => ({ pool, backend: this.#backendOf(pool) }));
    for (const { pool, backend } of pools) {
      this.#backends.set(pool.name, backend);
      await backend.start((event) => this.#happened(pool.name, event, listener));
      await backend.scale(pool.min);
    }
    this.clusters.start();
  }

  /** Why nobody works, or not all, for a pool of which `joined` members have joined; null if all may. */
  waitingFor(pool: string, joined: number): string | null {
    const backend = this.#backends.get(pool);
    if (joined > 0) return backend?.someWaitFor() ?? null;
    return backend?.waitingFor() ?? `the configuration has no pool ${pool}`;
  }

  /** Whether this executor started a member of this instance that may be alive. */
  owns(instance: string): boolean {
    return this.#ownerOf(instance) !== undefined;
  }

  /** Whether a member that says it is of this instance of the pool may join; `not_yet`: it is to ask again. */
  admits(pool: string, instance: string | null): 'yes' | 'no' | 'not_yet' {
    const backend = this.#backends.get(pool);
    if (backend) return backend.admits(instance);
    return this.config.pools.some(({ name, backend: kind }) => name === pool && kind === 'ray') ? 'not_yet' : 'yes';
  }

  /** What is known of the places of a pool; none of one that somebody else runs. */
  slots(pool: string): readonly Slot[] {
    return this.#backends.get(pool)?.slots() ?? [];
  }

  /** How many members a pool shall have; those of the instances `first` go first. */
  async scale(pool: string, members: number, first: readonly string[] = []): Promise<void> {
    await this.#backends.get(pool)?.scale(members, first);
  }

  /** Has a member drained, and another one take its place. */
  async replace(instance: string, why: string): Promise<void> {
    await this.#ownerOf(instance)?.replace(instance, why);
  }

  /** Ends a member that hangs. Members that somebody else runs are left alone. */
  async kill(instance: string, why: string): Promise<void> {
    await this.#ownerOf(instance)?.kill(instance, why);
  }

  /** A member of the pool has ended, or was given up, and not for want of work. */
  noteEnd(pool: string, reason: string): void {
    this.#lastEnds.set(pool, { at: new Date(), reason });
  }

  lastEnd(pool: string): BadEnd | null {
    return this.#lastEnds.get(pool) ?? null;
  }

  /** Drains the members of all pools, and resolves when they have ended. Once `signal` is aborted they are killed. */
  async stop(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#backends.values()].map((backend) => backend.stop(signal)));
    await this.clusters.stop();
  }

  #ownerOf(instance: string): PoolBackend | undefined {
    return [...this.#backends.values()].find((backend) => backend.owns(instance));
  }

  #backendOf(pool: PoolConfig): PoolBackend {
    switch (pool.backend) {
      case 'processes':
        return new ProcessesBackend({ pool: pool.name, command: memberCommand(pool, this.command), times: this.times });
      case 'external':
        return new ExternalBackend(pool.name);
      case 'ray': {
        const { name, resources, labels, cluster } = pool;
        return new RayBackend({ pool: name, resources, labels, cluster: this.clusters.cluster(cluster), times: this.times });
      }
    }
  }

  #happened(pool: string, event: PoolEvent, listener: MembersListener): void {
    switch (event.kind) {
      case 'member_started':
        return this.log.info({ pool, instance: event.instance, where: event.where }, 'member started');
      case 'member_died': {
        const { instance, asked, why } = event.death;
        const reason = describeDeath(event.death);
        if (!asked || why !== null) this.noteEnd(pool, reason);
        this.log.info({ pool, instance, reason, asked }, asked ? 'member stopped' : 'member died');
        return listener.memberDied(instance, reason, isCrash(event.death));
      }
      case 'crash_loop': {
        const { crashes, death } = event;
        const fields = { pool, crashes, reason: describeDeath(death), lastLines: death.lastLines };
        return this.log.warn(fields, `members of pool ${pool} end again and again at their start; they are started again, ever less often`);
      }
    }
  }
}
