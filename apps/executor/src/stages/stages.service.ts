import {
  ApwaError,
  type ErrorPayload,
  type executorOperations,
  type LeaseToken,
  PermanentError,
  RefusedError,
  rangesOf,
  type ShardRange,
  type Stage,
  type StageWork,
  TransientError,
  comesFromStage,
  sizeOf,
  hashOfJson,
} from '@apwa/contracts';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type z } from 'zod';
import { Database, type Queries } from '../database/database.js';
import { BudgetsRepository } from '../budgets/budgets.repository.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { membersFor } from '../pools/wish.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { CONFIG, type Config, LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { choosePool } from './choose-pool.js';
import { FailureWatch } from './failure-watch.js';
import { planShardsOf, type Workforce } from './planning.js';
import { StageEnds } from './stage-ends.js';
import { StagesRepository } from './stages.repository.js';
import { Throttle } from './throttle.js';

type Submission = z.output<typeof executorOperations.submitStage.request>;
type CommittedQuestion = z.output<typeof executorOperations.listCommittedShards.request>;
type CommittedPage = z.input<typeof executorOperations.listCommittedShards.reply>;

/** Stages: submitted, asked for, ended. */
@Injectable()
export class StagesService implements OnApplicationShutdown {
  readonly #progress: Throttle;

  constructor(
    private readonly database: Database,
    private readonly stages: StagesRepository,
    private readonly ends: StageEnds,
    private readonly failures: FailureWatch,
    private readonly runs: RunsRepository,
    private readonly ledger: LedgerRepository,
    private readonly members: MembersRepository,
    private readonly budgets: BudgetsRepository,
    private readonly notices: NoticesService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) { progressMs }: Timing,
    @Inject(LOG) log: Logger,
  ) {
    this.#progress = new Throttle({
      everyMs: progressMs,
      run: (stageIds) => this.#tellProgress(stageIds),
      failed: (thrown) => log.warn({ error: ApwaError.from(thrown).toPayload() }, 'progress could not be told'),
    });
  }

  onApplicationShutdown(): void {
    this.#progress.stop();
  }

  /**
   * Idempotent by the stage's id. RefusedError `other_work` if the id stands for other work, `no_such_pool` if no pool has the
   * resources. Work of an owner that was cancelled is cancelled from the start, and so is what follows a stage that has ended without its
   * rows; work without rows has succeeded.
   */
  async submit(submission: Submission): Promise<Stage> {
    const { stageId, ownerId, work, resources, weight, maxInFlight, budget, followed } = submission;
    const workHash = hashOfJson({ ownerId, work, resources });
    const pool = choosePool(this.config.pools, resources);
    const { stage, fresh } = await this.database.transaction(async (queries) => {
      // The owner's row is what two submissions of one stage wait for each other on.
      const control = await this.runs.lock(queries, ownerId);
      const known = await this.stages.hashOfJson(queries, stageId);
      if (known !== null && known !== workHash) throw otherWork(stageId);
      if (budget) await this.budgets.setTerms(queries, ownerId, budget);
      if (known === null) {
        await this.runs.setTerms(queries, ownerId, { weight, maxInFlight: maxInFlight ?? null });
        const stretches = rangesOf(work);
        const subtasks = stretches.reduce((sum, stretch) => sum + sizeOf(stretch), 0);
        const workforce = await this.#workforce(queries, pool, subtasks, maxInFlight);
        const follows = work.kind === 'map' && comesFromStage(work.input) ? work.input.stageId : null;
        const planned =
          follows === null ? planShardsOf(stretches, workforce, followed) : await this.#rangesOf(queries, follows, ownerId, subtasks);
        const cancelled = control === 'cancelled' || planned === null;
        const ranges = cancelled ? [] : planned;
        const state = cancelled ? 'cancelled' : ranges.length === 0 ? 'succeeded' : 'running';
        await this.stages.insert(queries, {
          id: stageId,
          ownerId,
          pool: pool.name,
          lane: 'standard',
          work,
          workHash,
          state,
          ranges,
          subtasks,
          follows,
        });
      }
      return { stage: await this.#require(queries, stageId), fresh: known === null };
    });
    if (fresh) {
      this.notices.stage({ stageId, ownerId, pool: pool.name, version: stage.version, state: stage.state });
      if (stage.state === 'running') this.notices.work(pool.name);
    }
    return stage;
  }

  list({ owners, seen }: z.output<typeof executorOperations.listStages.request>): Promise<Stage[]> {
    return this.database.read((queries) => this.stages.changed(queries, owners, seen));
  }

  /** PermanentError `unknown_stage`. */
  get(stageId: string): Promise<Stage> {
    return this.database.read((queries) => this.#require(queries, stageId));
  }

  /** PermanentError `unknown_stage`. */
  async workOf(stageId: string): Promise<StageWork> {
    const work = await this.database.read((queries) => this.stages.workOf(queries, stageId));
    if (!work) throw unknownStage(stageId);
    return work;
  }

  committed({ stageId, ...page }: CommittedQuestion): Promise<CommittedPage> {
    return this.database.read((queries) => this.stages.committedShards(queries, stageId, page));
  }

  /** Something is wrong with all of the stage's work, says who holds a shard of it; what others say is passed over. */
  async fail(stageId: string, token: LeaseToken, fault: ErrorPayload): Promise<void> {
    const changes = await this.database.transaction((queries) =>
      this.ends.fail(
        queries,
        stageId,
        fault,
        async () => (await queries.attempt.count({ where: { token, stageId, state: 'active' } })) === 1,
      ),
    );
    this.notices.ended(changes);
  }

  /** Attempts have got on: who watches is told, once in a while, and a stage ends of which too many rows have failed. */
  async progressed(tokens: readonly string[]): Promise<void> {
    await this.#progress.hear(await this.database.read((queries) => this.stages.stagesOf(queries, tokens)));
  }

  async #tellProgress(stageIds: readonly string[]): Promise<void> {
    const changes = await this.database.transaction((queries) => this.stages.touch(queries, { ids: stageIds }));
    for (const change of changes) this.notices.stage(change);
    await this.failures.look(stageIds);
  }

  /** Who will work on a stage: those that are there, or are about to be, or that the pool will start for it. */
  async #workforce(queries: Queries, pool: Config['pools'][number], subtasks: number, limit = Infinity): Promise<Workforce> {
    const coming = pool.backend === 'external' ? pool.min : membersFor(Math.min(subtasks, limit), pool);
    const members = Math.max(1, coming, (await this.members.staff(queries)).get(pool.name) ?? 0);
    return { members, slots: Math.min(pool.slots, Math.ceil(limit / members)) };
  }

  /** A stage that follows another one is cut as that is, so that each shard waits for one. Null if that has ended without its rows. */
  async #rangesOf(queries: Queries, stageId: string, ownerId: string, subtasks: number): Promise<ShardRange[] | null> {
    // Commits take the same lock: none comes between what is looked at here and what follows from it.
    const stage = await this.ledger.lockStage(queries, stageId);
    // The manager submits it again.
    if (!stage) throw new TransientError('unknown_stage', `There is no stage ${stageId} whose rows could be taken.`);
    if (stage.ownerId === ownerId && (stage.state === 'failed' || stage.state === 'cancelled')) return null;
    const ranges = await this.stages.ranges(queries, stageId);
    const rows = ranges.reduce((sum, range) => sum + sizeOf(range), 0);
    if (stage.ownerId === ownerId && rows === subtasks) return ranges;
    throw new RefusedError('no_such_rows', `Stage ${stageId} is no input of ${subtasks} rows for a stage of ${ownerId}.`, {
      field: 'work.input',
      value: stageId,
      allowed: `a map of the same owner with as many rows: it has ${rows} and belongs to ${stage.ownerId}`,
    });
  }

  async #require(queries: Queries, stageId: string): Promise<Stage> {
    const stage = await this.stages.find(queries, stageId);
    if (!stage) throw unknownStage(stageId);
    return stage;
  }
}

const unknownStage = (stageId: string): PermanentError =>
  new PermanentError('unknown_stage', `There is no stage ${stageId}.`, { field: 'stageId' });

const otherWork = (stageId: string): RefusedError =>
  new RefusedError('other_work', `The stage ${stageId} was submitted already, with other work.`, {
    field: 'stageId',
    value: stageId,
    allowed: 'the same owner, work and resources as the first time, or a new id',
  });
