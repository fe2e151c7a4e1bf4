import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { PoolsService } from '../pools/pools.service.js';
import { StagesRepository } from '../stages/stages.repository.js';

/** Keeps up what stages wait for, so that a run which stands still says why. */
@Injectable()
export class Waiting {
  constructor(
    private readonly database: Database,
    private readonly stages: StagesRepository,
    private readonly members: MembersRepository,
    private readonly pools: PoolsService,
    private readonly notices: NoticesService,
  ) {}

  async look(): Promise<void> {
    const { idle, staff } = await this.database.read(async (queries) => ({
      idle: await this.stages.idle(queries),
      staff: await this.members.staff(queries),
    }));
    for (const { id, pool, control, active, waitingFor } of idle) {
      const reason = active ? null : control === 'paused' ? 'the run is paused' : this.pools.waitingFor(pool, staff.get(pool) ?? 0);
      if (reason === waitingFor) continue;
      for (const change of await this.database.transaction((queries) => this.stages.setWaitingFor(queries, id, reason)))
        this.notices.stage(change);
    }
  }
}
