import { type BudgetTerms, type RunControl } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { BudgetsRepository } from '../budgets/budgets.repository.js';
import { Database } from '../database/database.js';
import { NoticesService } from '../notices/notices.service.js';
import { PermitsService } from '../permits/permits.service.js';
import { StageEnds } from '../stages/stage-ends.js';
import { StagesRepository } from '../stages/stages.repository.js';
import { RunsRepository } from './runs.repository.js';

/** Pause, resume and cancel of all that belongs to an owner. */
@Injectable()
export class RunsService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunsRepository,
    private readonly ends: StageEnds,
    private readonly stages: StagesRepository,
    private readonly permits: PermitsService,
    private readonly budgets: BudgetsRepository,
    private readonly notices: NoticesService,
  ) {}

  /**
   * Answers the control that holds afterwards: a later one than the asker's, if there is one. `active` has what the provider
   * or the budget had paused go on, too. `end`: stages that end, whatever becomes of the others.
   */
  async control({
    budget,
    end = [],
    ...asked
  }: RunControl & { budget?: BudgetTerms | undefined; end?: readonly string[] }): Promise<RunControl> {
    const { control, taken, changes, pools, models } = await this.database.transaction(async (queries) => {
      const accepted = await this.runs.accept(queries, asked);
      if (budget) await this.budgets.setTerms(queries, asked.ownerId, budget);
      const running = accepted.taken ? await this.ends.runningOf(queries, asked.ownerId) : [];
      const ending = running.map(({ id }) => id).filter((id) => asked.state === 'cancelled' || end.includes(id));
      const ended = await this.ends.endAll(queries, ending, { state: 'cancelled', fault: null });
      const resumed =
        accepted.taken && asked.state === 'active' ? await this.stages.unpause(queries, asked.ownerId) : { changes: [], models: [] };
      const pools = new Set(running.map(({ pool }) => pool));
      // The same again: the answer was lost, and with it what follows here; unless its endpoints are asked it pauses again at once.
      const again = !accepted.taken && asked.state === 'active' && accepted.control.version === asked.version;
      const models = again ? await this.stages.modelsOf(queries, asked.ownerId) : resumed.models;
      return { ...accepted, changes: [...ended, ...resumed.changes], pools, models };
    });
    this.permits.retry(models);
    if (taken) {
      this.notices.control(control, end);
      for (const change of changes) this.notices.stage(change);
      // Slots are free, or the run wants them.
      for (const pool of pools) this.notices.work(pool);
    }
    return control;
  }
}
