import { type AttemptProgress } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { PoolsService } from '../pools/pools.service.js';
import { CONFIG, type Config } from '../settings.js';
import { ProgressService } from '../stages/progress.service.js';
import { StagesRepository } from '../stages/stages.repository.js';

/** Keeps up what stages wait for, so that a run which stands still says why. */
@Injectable()
export class Waiting {
  constructor(
    private readonly database: Database,
    private readonly stages: StagesRepository,
    private readonly members: MembersRepository,
    private readonly pools: PoolsService,
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
    const heldBy = new Map(held.map(({ stageId, token }) => [stageId, this.#reasonOf(waiting.get(token))]));
    for (const { id, pool, control, active, waitingFor } of idle) {
      const reason = active
        ? (heldBy.get(id) ?? null)
        : control === 'paused'
          ? 'the run is paused'
          : this.pools.waitingFor(pool, staff.get(pool) ?? 0);
      if (reason === waitingFor) continue;
      for (const change of await this.database.transaction((queries) => this.stages.setWaitingFor(queries, id, reason)))
        this.notices.stage(change);
    }
  }

  /** Members that begin no new rows though they hold shards. */
  #reasonOf(waitsFor: AttemptProgress['waitsFor'] | undefined): string | null {
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
