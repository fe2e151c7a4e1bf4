import { type RunControl } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { NoticesService } from '../notices/notices.service.js';
import { StageEnds } from '../stages/stage-ends.js';
import { RunsRepository } from './runs.repository.js';

/** Pause, resume and cancel of all that belongs to an owner. */
@Injectable()
export class RunsService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunsRepository,
    private readonly ends: StageEnds,
    private readonly notices: NoticesService,
  ) {}

  /** Answers the control that holds afterwards: a later one than the asker's, if there is one. */
  async control(control: RunControl): Promise<RunControl> {
    const { held, taken, changes, pools } = await this.database.transaction(async (queries) => {
      const accepted = await this.runs.accept(queries, control);
      const running = accepted.taken ? await this.ends.runningOf(queries, control.ownerId) : [];
      const ended =
        accepted.taken && control.state === 'cancelled'
          ? await this.ends.endAll(
              queries,
              running.map(({ id }) => id),
              { state: 'cancelled', fault: null },
            )
          : [];
      return { ...accepted, changes: ended, pools: new Set(running.map(({ pool }) => pool)) };
    });
    if (taken) {
      this.notices.control(held);
      for (const change of changes) this.notices.stage(change);
      // Slots are free, or the run wants them.
      for (const pool of pools) this.notices.work(pool);
    }
    return held;
  }
}
