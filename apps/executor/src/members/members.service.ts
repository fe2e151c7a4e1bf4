import { hostname } from 'node:os';
import { type executorOperations, type Member, RefusedError, TransientError } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { type z } from 'zod';
import { Database } from '../database/database.js';
import { JournalService } from '../journal/journal.service.js';
import { LeasesService } from '../ledger/leases.service.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { PermitsService } from '../permits/permits.service.js';
import { PoolsService } from '../pools/pools.service.js';
import { CONFIG, type Config, LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { ProgressService } from '../stages/progress.service.js';
import { StagesRepository } from '../stages/stages.repository.js';
import { StagesService } from '../stages/stages.service.js';
import { LoopWatch } from './loop-watch.js';
import { type MemberRow, MembersRepository } from './members.repository.js';

type JoinReply = z.input<typeof executorOperations.join.reply>;
type Heartbeat = z.output<typeof executorOperations.heartbeat.request>;
type HeartbeatReply = z.input<typeof executorOperations.heartbeat.reply>;

/** Who is there to work. */
@Injectable()
export class MembersService {
  readonly #loops = new LoopWatch();

  constructor(
    private readonly database: Database,
    private readonly members: MembersRepository,
    private readonly leases: LeasesService,
    private readonly runs: RunsRepository,
    private readonly stages: StagesService,
    private readonly stageRows: StagesRepository,
    private readonly permits: PermitsService,
    private readonly progress: ProgressService,
    private readonly journal: JournalService,
    private readonly pools: PoolsService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /**
   * RefusedError `unknown_pool` if the configuration has none of that name, `unknown_instance` if somebody else started it, or it was
   * given up; TransientError `pool_not_ready`.
   */
  async join(member: Member, instance: string | null): Promise<JoinReply> {
    if (!this.#isConfigured(member.pool))
      throw new RefusedError('unknown_pool', `There is no pool ${member.pool}.`, {
        field: 'member.pool',
        value: member.pool,
        allowed: this.config.pools.map(({ name }) => name).join(', '),
      });
    switch (this.pools.admits(member.pool, instance)) {
      case 'yes':
        break;
      case 'not_yet':
        throw new TransientError('pool_not_ready', `It is not known yet who the members of pool ${member.pool} are.`);
      case 'no':
        throw new RefusedError(
          'unknown_instance',
          `Members of pool ${member.pool} are started by the executor, and this one is none of them.`,
          {
            field: 'instance',
            value: instance,
          },
        );
    }
    await this.database.transaction((queries) => this.members.join(queries, member, instance));
    this.log.info({ memberId: member.id, pool: member.pool, host: member.host, pid: member.pid }, 'a member joined');
    const { leaseMs, heartbeatMs } = this.config.executor;
    return { leaseMs, heartbeatMs, journal: this.#journal() };
  }

  /** Renews what the member holds. PermanentError `unknown_member` if it has to join first. */
  async heartbeat({ memberId, attempts, leasedSlots, ...signs }: Heartbeat): Promise<HeartbeatReply> {
    const { member, renewal, controls, paused } = await this.database.transaction(async (queries) => {
      const known = await this.members.require(queries, memberId);
      await this.members.note(queries, memberId, signs);
      const renewed = await this.leases.renew(queries, memberId, attempts);
      return {
        member: known,
        renewal: renewed,
        controls: await this.runs.controlsOf(queries, renewed.owners),
        paused: attempts.length > 0 ? await this.stageRows.pausedOf(queries, memberId) : [],
      };
    });
    this.#look(member, leasedSlots, signs);
    const changed = this.progress.report(memberId, attempts);
    if (signs.state === 'stopped') await this.#gone(memberId, 'stopped');
    else if (changed.length > 0) await this.stages.progressed(changed);
    return {
      lost: renewal.lost,
      controls,
      journal: this.#journal(),
      drain: member.leaving !== null || !this.#isConfigured(member.pool),
      paused,
    };
  }

  list(): Promise<Member[]> {
    return this.database.read((queries) => this.members.present(queries));
  }

  /** A supervisor saw the process of a member end: its leases end at once. `crashed`: by a fault of its own. */
  async died(instance: string, reason: string, crashed: boolean): Promise<void> {
    for (const { id, pool } of await this.database.read((queries) => this.members.ofInstance(queries, instance))) {
      this.log.warn({ memberId: id, pool, reason }, 'a member died');
      await this.#gone(id, 'failed', crashed);
    }
  }

  /** Members that an executor before this one had started on this host, and that went with it. */
  async endOrphans(): Promise<void> {
    for (const { id, pid } of await this.database.read((queries) => this.members.onHost(queries, hostname())))
      if (!isAlive(pid)) await this.#gone(id, 'failed');
  }

  /**
   * Members that have been silent for a lease are not counted on, and those that this executor started are killed: their event loop
   * stands still, or nobody can reach them. What others hold has leases of its own.
   */
  async sweep(silentMs: number): Promise<void> {
    const silent = await this.database.transaction(async (queries) => {
      await this.members.forget(queries, this.times.forgetMemberMs);
      return this.members.giveUpSilent(queries, silentMs);
    });
    for (const member of silent) {
      const { id, pool, instance } = member;
      const why = `no sign of life for ${(member.silentMs / 1_000).toFixed(1)} s: its event loop is blocked, or it is cut off`;
      this.log.warn({ memberId: id, pool, why }, 'a member is silent');
      this.#forget(id);
      this.pools.noteEnd(pool, why);
      if (instance !== null) await this.pools.kill(instance, why);
    }
  }

  /** What a heartbeat tells of trouble to come. */
  #look(
    { id, pool, slotsTotal }: MemberRow,
    leasedSlots: number,
    { freeSlots, loopDelayMs }: Pick<Heartbeat, 'freeSlots' | 'loopDelayMs'>,
  ): void {
    // HAZARDS K11: a slot that nobody gives back is never used again.
    if (leasedSlots + freeSlots !== slotsTotal)
      this.log.error({ memberId: id, pool, leasedSlots, freeSlots, slotsTotal }, 'a member has lost count of its slots');
    if (this.#loops.isLate(id, loopDelayMs, this.config.executor.heartbeatMs / 2))
      this.log.warn(
        { memberId: id, pool, loopDelayMs },
        'the event loop of a member is late again and again: its calls wait, and it may lose its leases',
      );
  }

  #forget(memberId: string): void {
    this.progress.forget(memberId);
    this.permits.forget(memberId);
    this.#loops.forget(memberId);
  }

  async #gone(memberId: string, state: 'stopped' | 'failed', crashed = false): Promise<void> {
    await this.database.transaction((queries) => this.members.end(queries, memberId, state));
    await this.leases.endOfMember(memberId, crashed);
    this.#forget(memberId);
  }

  #isConfigured(pool: string): boolean {
    return this.config.pools.some(({ name }) => name === pool);
  }

  #journal(): JoinReply['journal'] {
    const { stream, incarnation } = this.journal;
    return { stream, incarnation };
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
