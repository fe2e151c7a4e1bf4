import { type ApwaError, InternalError, type Plan } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { AmenderService } from '../amend/amender.service.js';
import { Database } from '../database/database.js';
import { PlannerService } from '../planner/planner.service.js';
import { PlanVersionsRepository } from '../plans/plan-versions.repository.js';
import { PlansService, requestedSteps } from '../plans/plans.service.js';
import { refusedPlan } from '../plans/validate.js';
import { ProductionService } from '../production/production.service.js';
import { QuotesService } from '../quotes/quotes.service.js';
import { RemovalService } from '../retention/removal.service.js';
import { termsOf } from '../runs/budget.js';
import { next } from '../runs/next.js';
import { RunEvents } from '../runs/run-events.js';
import { type RunRecord, budgetOf, factsOf, heldStages, planningAmountsOf, requestOf } from '../runs/run-record.js';
import { GIVEN, RunsRepository } from '../runs/runs.repository.js';
import { StagesService } from '../stages/stages.service.js';
import { columnsOf } from '../tables/tables.repository.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { afterControl } from '../runs/pause.js';
import { type Action, type Desk, keyOf } from './desk.js';

/** Brings runs to their end. */
@Injectable()
export class RunDesk implements Desk {
  constructor(
    private readonly database: Database,
    private readonly runs: RunsRepository,
    private readonly owners: OwnersRepository,
    private readonly production: ProductionService,
    private readonly planner: PlannerService,
    private readonly amender: AmenderService,
    private readonly plans: PlansService,
    private readonly versions: PlanVersionsRepository,
    private readonly quotes: QuotesService,
    private readonly executor: StagesService,
    private readonly removal: RemovalService,
    private readonly events: RunEvents,
  ) {}

  async next(runId: string): Promise<Action[]> {
    return next(factsOf(await this.load(runId)));
  }

  async perform(runId: string, action: Action, signal: AbortSignal): Promise<void> {
    switch (action.do) {
      case 'start':
      case 'submit':
      case 'complete':
      case 'settle':
        return this.production.perform(runId, action, signal);
      case 'check_plan':
        return this.checkPlan(await this.load(runId), signal);
      case 'planner_turn':
        return this.takeTurn(runId, action, (record) => this.planner.takeTurn(record, signal));
      case 'amend':
        return this.amender.begin(await this.load(runId), action);
      case 'amendment_turn':
        return this.takeTurn(runId, action, (record) => this.amender.takeTurn(record, signal));
      case 'give_up_amendment':
        return this.amender.giveUp(await this.load(runId), action.reason);
      case 'sample':
        return this.quotes.begin(await this.load(runId));
      case 'quote':
        return this.quotes.make(await this.load(runId), signal);
      case 'enter':
        return this.runs.enter(await this.load(runId), action.from, action.state);
      case 'fail':
        return this.runs.fail(runId, action.error);
      case 'control':
        return this.tell(runId, action, signal);
      case 'pause':
        return void (await this.runs.pause(runId, action.reason, action.message));
      case 'finish':
        if (await this.runs.finish(runId, action.from, action.state)) void this.removal.sweep();
        return this.events.tell(runId, 'ended');
      case 'close':
        return;
    }
  }

  async giveUp(runId: string, action: Action, error: ApwaError): Promise<void> {
    if ('productId' in action) await this.production.giveUp(action.productId, error.toPayload());
    else if (action.do === 'amendment_turn') await this.amender.giveUp(await this.load(runId), error.message);
    else await this.runs.fail(runId, error.toPayload());
  }

  /** Tells the executor what the run's stages are to do. */
  private async tell(runId: string, { state, version }: Extract<Action, { do: 'control' }>, signal: AbortSignal): Promise<void> {
    const record = await this.load(runId);
    const budget = budgetOf(record);
    const terms = budget ? { budget: termsOf(budget, planningAmountsOf(record)) } : {};
    const { held, end } = heldStages(record);
    const told = { ownerId: runId, state, version, ...(held.length > 0 ? { held } : {}) };
    const control = await this.executor.control({ ...told, end, ...terms }, signal);
    if (afterControl(told, control) === 'known') await this.runs.controlKnown(runId, version);
    else await this.owners.raiseControlAbove(runId, control.version);
  }

  /** Turns cost money: one is taken only if it is still what the run needs. */
  private async takeTurn(runId: string, action: Action, take: (record: RunRecord) => Promise<void>): Promise<void> {
    const record = await this.load(runId);
    const wanted = next(factsOf(record)).some((current) => keyOf(current) === keyOf(action));
    if (wanted) await take(record);
  }

  /** A plan that came with the request, now that its tables are there. */
  private async checkPlan(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { plan, outputs } = requestOf(record);
    const inputs = record.inputs.map(({ name, table }) => ({ name, columns: columnsOf(table) }));
    const result = await this.plans.validate(plan, inputs, requestedSteps(outputs), signal);
    if (result.valid) await this.adopt(record.run.id, result.plan);
    else await this.runs.fail(record.run.id, refusedPlan(result.faults).toPayload());
  }

  private async adopt(runId: string, plan: Plan): Promise<void> {
    await this.database.$transaction((queries) => this.versions.adopt(queries, runId, plan, GIVEN));
  }

  private async load(runId: string): Promise<RunRecord> {
    const record = await this.runs.load(runId);
    if (!record) throw new InternalError('no_run', `Run ${runId} is not there.`);
    return record;
  }
}
