import {
  type BudgetTerms,
  type CommittedShard,
  type PythonCapability,
  RefusedError,
  type RunControl,
  TransientError,
  executorOperations,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Injectable } from '@nestjs/common';
import { type News, StagesRepository, noNews } from './stages.repository.js';

/** Owners per question: the executor's limit is 500. */
const OWNERS_PER_QUESTION = 200;
/** Versions that a question names: it must fit a NATS message. What is left out is told of again, to no harm. */
const SEEN_PER_QUESTION = 5_000;
/** Shards per page: each names its columns, and a reply must fit a NATS message. */
const SHARDS_PER_PAGE = 50;

/** All that the manager asks of the executor. */
@Injectable()
export class StagesService {
  constructor(
    private readonly messaging: Messaging,
    private readonly stages: StagesRepository,
  ) {}

  /** Submits a stage that was written down. Doing so again changes nothing. */
  async submit(stageId: string, signal: AbortSignal): Promise<void> {
    const submission = await this.stages.submission(stageId);
    await this.stages.record([await this.messaging.request(executorOperations.submitStage, submission, { signal })]);
  }

  /** Finds out whether a function of a plan can be run. RefusedError with the reason if it can't. */
  async register(capability: PythonCapability, signal?: AbortSignal): Promise<void> {
    await this.messaging.request(executorOperations.registerCapability, { capability }, signal ? { signal } : {});
  }

  /** Whether functions in Python can be run that a model wrote, as far as is known: an executor that is away says nothing. */
  async hasSandbox(signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.messaging.request(executorOperations.findSandbox, {}, { signal })).kind === 'there';
    } catch (error) {
      if (error instanceof TransientError && !signal.aborted) return false;
      throw error;
    }
  }

  /** Has all work of an owner paused, resumed or stopped, with the budget that it has. Answers what the executor holds afterwards: a newer control, if there is one. */
  async control(control: RunControl & { budget?: BudgetTerms; end: string[] }, signal: AbortSignal): Promise<RunControl> {
    return this.messaging.request(executorOperations.controlRun, control, { signal });
  }

  /**
   * Has the executor forget stages of an owner, or all of them and the owner with them: nothing of them can be committed any more.
   * RefusedError `stage_running` while one has not ended.
   */
  async forget(ownerId: string, stageIds: string[] | null, signal: AbortSignal): Promise<void> {
    await this.messaging.request(executorOperations.forgetStages, { ownerId, ...(stageIds ? { stageIds } : {}) }, { signal });
  }

  /** Which of these objects the executor's ledger does not name. */
  async unnamed(keys: string[], signal: AbortSignal): Promise<string[]> {
    return (await this.messaging.request(executorOperations.unnamedKeys, { keys }, { signal })).unnamed;
  }

  /**
   * Asks how the stages of these owners are. `all`: also those that did not change, to find out whether the executor still knows
   * them.
   */
  async refresh(ownerIds: string[], { all = false }: { all?: boolean } = {}): Promise<News> {
    const news = noNews();
    for (let at = 0; at < ownerIds.length; at += OWNERS_PER_QUESTION) {
      const { changed, decisive } = await this.refreshSome(ownerIds.slice(at, at + OWNERS_PER_QUESTION), all);
      for (const id of changed) news.changed.add(id);
      for (const id of decisive) news.decisive.add(id);
    }
    return news;
  }

  private async refreshSome(ownerIds: string[], all: boolean): Promise<News> {
    const submitted = await this.stages.submitted(ownerIds);
    const open = submitted.filter((stage) => stage.open);
    if (open.length === 0) return noNews();
    const owners = new Set(open.map(({ ownerId }) => ownerId));
    // Those that have ended are named too: they would be told of each time.
    const ended = submitted.filter((stage) => !stage.open && owners.has(stage.ownerId));
    const versions = new Map([...open, ...ended].map(({ id, version }) => [id, version]));
    const seen = all ? {} : Object.fromEntries([...versions].filter(([, version]) => version >= 0).slice(0, SEEN_PER_QUESTION));
    const { stages } = await this.messaging.request(executorOperations.listStages, { owners: [...owners], seen });
    const news = await this.stages.record(stages.filter(({ id, version }) => version > (versions.get(id) ?? -1)));
    if (all) {
      const known = new Set(stages.map(({ id }) => id));
      const lost = open.filter(({ id }) => !known.has(id));
      if (lost.length > 0) await this.stages.forget(lost);
      for (const { ownerId } of lost) {
        news.changed.add(ownerId);
        news.decisive.add(ownerId);
      }
    }
    return news;
  }

  /** The committed shards of a stage in the order of their ranges: every one, or those that hold the first `rows` rows. */
  async committed(stageId: string, { rows = Infinity, signal }: { rows?: number; signal?: AbortSignal } = {}): Promise<CommittedShard[]> {
    const found: CommittedShard[] = [];
    let held = 0;
    for (let after = -1; ;) {
      const request = { stageId, after, limit: SHARDS_PER_PAGE };
      const options = signal ? { signal } : {};
      const { shards, more } = await this.messaging.request(executorOperations.listCommittedShards, request, options);
      for (const shard of shards) {
        if (held >= rows) return found;
        held += shard.content.part.rows;
        found.push(shard);
      }
      const last = shards.at(-1);
      if (!more || !last) return found;
      after = last.range.first;
    }
  }

  /** The only shard of a stage that has one: sql, import, export. */
  async single(stageId: string, signal: AbortSignal): Promise<CommittedShard> {
    const [shard, ...others] = await this.committed(stageId, { signal });
    if (!shard || others.length > 0) {
      throw new RefusedError(
        'unexpected_shards',
        `Stage ${stageId} has ${others.length + (shard ? 1 : 0)} committed shards instead of one.`,
      );
    }
    return shard;
  }
}
