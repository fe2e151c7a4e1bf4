import { type PoolReport } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { MembersRepository } from '../members/members.repository.js';
import { CONFIG, type Config } from '../settings.js';
import { backlogOf } from './backlog.js';
import { BacklogsRepository } from './backlogs.repository.js';
import { reportOf } from './pool-report.js';
import { PoolsService } from './pools.service.js';

/** Tells how the pools are, in the order of the configuration. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly database: Database,
    private readonly members: MembersRepository,
    private readonly backlogs: BacklogsRepository,
    private readonly pools: PoolsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async list(): Promise<PoolReport[]> {
    const { crew, backlog } = await this.database.read(async (queries) => ({
      crew: await this.members.crew(queries),
      backlog: backlogOf(await this.backlogs.ofRuns(queries, this.config.pools)),
    }));
    return this.config.pools.map((pool) => {
      const { name } = pool;
      const own = crew.filter((member) => member.pool === name);
      const [places, lastEnd] = [this.pools.slots(name), this.pools.lastEnd(name)];
      const waitingFor = (running: number) => this.pools.waitingFor(name, running);
      return reportOf(pool, { crew: own, places, backlog: backlog.get(name) ?? 0, lastEnd, waitingFor });
    });
  }
}
