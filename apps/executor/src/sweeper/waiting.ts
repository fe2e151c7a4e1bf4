import { type AttemptProgress, type PausedBy } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { CapabilitiesService } from '../capabilities/capabilities.service.js';
import { Database } from '../database/database.js';
import { MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { PermitsService } from '../permits/permits.service.js';
import { PoolsService } from '../pools/pools.service.js';
import { CONFIG, type Config } from '../settings.js';
import { ProgressService } from '../stages/progress.service.js';
import { type IdleStage, StagesRepository } from '../stages/stages.repository.js';

/** Keeps up what stages wait for, so that a run which stands still says why. */
@Injectable()
export class Waiting {
  constructor(
    private readonly database: Database,
    private readonly stages: StagesRepository,
    private readonly members: MembersRepository,
    private readonly pools: PoolsService,
    private readonly permits: PermitsService,
    private readonly capabilities: CapabilitiesService,
    private readonly progress: ProgressService,
    private readonly notices: NoticesService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async look(): Promise<void> {
    const waiting = this.progress.waiting();
    const { idle, staff, held } = await this.database.read(async (queries) => ({
      idle: await this.stages.idle(queries),
      staff: await this.members.staff(queries),
      held: waiting.size === 0 ? [] : await this.stages.stagesByAttempt(queries, [...waiting.keys()]),
    }));
    const heldBy = new Map(held.map(({ stageId, token }) => [stageId, this.#heldBy(waiting.get(token))]));
    for (const stage of idle) {
      const called = stage.active && stage.capability !== null ? await this.capabilities.waitingFor(stage.id, stage.capability) : null;
      const reason = this.#reasonOf(stage, staff.get(stage.pool) ?? 0, heldBy.get(stage.id) ?? called);
      if (reason === stage.waitingFor) continue;
      for (const change of await this.database.transaction((queries) => this.stages.setWaitingFor(queries, stage.id, reason)))
        this.notices.stage(change);
    }
  }

  /**
   * Null if it goes on with all members that it may have: then somebody holds a shard of it, or will. `standing`: why those who hold
   * shards begin no new rows.
   */
  #reasonOf(
    { pool, control, active, model, pausedBy, held, waitsForRows }: IdleStage,
    joined: number,
    standing: string | null,
  ): string | null {
    // Said once nobody holds a shard any more: whoever is told hears by it that all has come to rest.
    if (pausedBy !== null) return active ? null : (JSON.parse(pausedBy) as PausedBy).message;
    if (!active && control === 'paused') return 'the run is paused';
    if (!active && held) return 'the step is paused';
    if (!active && waitsForRows) return 'the step before has given no more rows yet';
    const provider = model === null ? null : this.permits.waitingFor(model);
    if (provider !== null || (active && standing !== null)) return provider ?? standing;
    // A member that has just left may have held its shards.
    return active && joined === 0 ? null : this.pools.waitingFor(pool, joined);
  }

  /** Members that begin no new rows though they hold shards. */
  #heldBy(waitsFor: AttemptProgress['waitsFor'] | undefined): string | null {
    switch (waitsFor) {
      case 'journal_room':
        return `the journal is full: it takes ${this.config.executor.journalBytes} bytes at most (executor.journalBytes), and goes on when shards are committed`;
      case 'journal':
        return 'the journal takes nothing: JetStream does not serve it';
      case null:
      case undefined:
        return null;
    }
  }
}
