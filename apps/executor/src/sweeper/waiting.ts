import { type PausedBy } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { PermitsService } from '../permits/permits.service.js';
import { PoolsService } from '../pools/pools.service.js';
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
    private readonly notices: NoticesService,
  ) {}

  async look(): Promise<void> {
    const { idle, staff } = await this.database.read(async (queries) => ({
      idle: await this.stages.idle(queries),
      staff: await this.members.staff(queries),
    }));
    for (const stage of idle) {
      const reason = this.#reasonOf(stage, staff.get(stage.pool) ?? 0);
      if (reason === stage.waitingFor) continue;
      for (const change of await this.database.transaction((queries) => this.stages.setWaitingFor(queries, stage.id, reason)))
        this.notices.stage(change);
    }
  }

  /** Null if it goes on: then somebody holds a shard of it, or will. */
  #reasonOf({ pool, control, active, model, pausedBy }: IdleStage, joined: number): string | null {
    if (pausedBy !== null) return (JSON.parse(pausedBy) as PausedBy).message;
    if (!active && control === 'paused') return 'the run is paused';
    const provider = model === null ? null : this.permits.waitingFor(model);
    return provider ?? (active ? null : this.pools.waitingFor(pool, joined));
  }
}
