import {
  type CancelRequest,
  type Page,
  type Plan,
  RefusedError,
  type Run,
  type ResumeRequest,
  type RunList,
  type RunRequest,
  type StepControl,
  isTerminal,
  newId,
} from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { deleted, notFound } from '../http/not-found.js';
import { allowedNames } from '../plans/nearest.js';
import { modelsOfPlan } from '../plans/models-of-plan.js';
import { PlansService } from '../plans/plans.service.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { CONFIG, type Config } from '../settings.js';
import { TablesRepository, columnsOf } from '../tables/tables.repository.js';
import { filesOf } from '../tables/tables.service.js';
import { UploadsRepository } from '../uploads/uploads.repository.js';
import { checkPrices, raised } from './budget.js';
import { type PauseDecision } from './pause.js';
import { RunEvents } from './run-events.js';
import { type RunRecord, budgetOf, planOf, viewOf } from './run-record.js';
import { type NewInput, RunsRepository } from './runs.repository.js';

@Injectable()
export class RunsService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly tables: TablesRepository,
    private readonly uploads: UploadsRepository,
    private readonly plans: PlansService,
    private readonly reconciler: Reconciler,
    private readonly events: RunEvents,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Everything that can be found out now is checked now; nothing is begun for a request that is refused. */
  async create(request: RunRequest): Promise<Run> {
    const inputs: NewInput[] = [];
    for (const [index, input] of request.inputs.entries()) {
      const place = `inputs[${index}]`;
      if ('table' in input) {
        await this.checkTable(input.table, `${place}.table`);
        inputs.push({ name: input.name, tableId: input.table });
      } else {
        const { name, ...source } = input;
        inputs.push({ name, source, files: await filesOf(this.uploads, input.upload, `${place}.upload`) });
      }
    }
    await this.checkReuse(request);
    checkQuotedStep(request);
    checkAmendments(request, this.config.planner);
    if (request.budget?.usd !== undefined) checkPrices(this.config.models, this.modelsOf(request));
    const id = newId('run');
    await this.runs.create(id, request, inputs, await this.checkedPlan(request, inputs), {
      amendmentsAllowed: amendmentsOf(request, this.config.planner),
    });
    this.reconciler.wake(id);
    return this.show(id);
  }

  async list({ limit, after }: Page): Promise<RunList> {
    const records = await this.runs.list(limit + 1, after);
    const runs = records.slice(0, limit).map(viewOf);
    return { runs, next: records.length > limit ? (runs.at(-1)?.id ?? null) : null };
  }

  async show(id: string): Promise<Run> {
    return viewOf(await this.load(id));
  }

  async cancel(id: string, { reason }: CancelRequest = {}): Promise<Run> {
    const before = viewOf(await this.load(id));
    if (before.state === 'cancelled') return before;
    if (isTerminal(before.state)) throw wrongState(before, 'cancelled', 'a run that has not ended');
    await this.runs.requestCancel(id, reason ?? null);
    this.reconciler.wake(id);
    return this.show(id);
  }

  /** Calls in flight are finished, none begins. Again is the same. */
  async pause(id: string): Promise<Run> {
    return this.decided(id, 'paused', await this.runs.pause(id, 'user', 'It was paused by request.'));
  }

  /** RefusedError where the run needs a raise and there is none, or a raise is none. */
  async resume(id: string, { budget }: ResumeRequest): Promise<Run> {
    const record = await this.load(id);
    const { paused, budget: seen } = viewOf(record);
    // What is not paused is refused for that.
    const goesOn = paused ? raised(id, { paused, budget: budgetOf(record), spent: seen?.spent ?? null }, budget) : null;
    return this.decided(id, 'resumed', await this.runs.resume(id, goesOn));
  }

  /** Has one step stand still, go on, or end with what it has; steps that need one that ends are not done. */
  async controlStep(id: string, step: string, wanted: StepControl): Promise<Run> {
    const steps = (planOf(await this.load(id))?.steps ?? []).map((one) => one.id);
    if (!steps.includes(step))
      throw new RefusedError('unknown_step', `Run ${id} has no step ${step}.`, {
        field: 'step',
        value: step,
        allowed: steps.length > 0 ? allowedNames(step, steps) : 'nothing yet: the run has no plan',
      });
    const decision = await this.runs.controlStep(id, step, wanted);
    if (decision?.decision !== 'refused') return this.decided(id, wanted, decision);
    const { is, allowed } = decision;
    throw new RefusedError('wrong_state', `Step ${step} cannot be ${DONE[wanted]}: it is ${is}.`, { field: 'step', value: is, allowed });
  }

  private async decided(id: string, done: string, decision: PauseDecision | null): Promise<Run> {
    if (decision === null) throw notFound('run', id);
    if (decision.decision === 'refused') throw wrongState({ id, state: decision.is }, done, decision.allowed);
    if (decision.decision === 'change') this.reconciler.wake(id);
    this.events.tell(id, 'changed');
    return this.show(id);
  }

  /** The models that a run will call, as far as can be said before there is a plan. */
  private modelsOf({ plan }: Pick<RunRequest, 'plan'>): string[] {
    return plan ? modelsOfPlan(plan, this.config.model) : [this.config.planner.model, this.config.model];
  }

  /** The request's plan, if all of it can be checked now; what depends on tables that are not there yet is checked when they are. */
  private async checkedPlan(request: RunRequest, inputs: NewInput[]): Promise<Plan | null> {
    if (!request.plan) return null;
    const rows = await this.tables.findMany(inputs.flatMap((input) => ('tableId' in input ? [input.tableId] : [])));
    const ready = new Map(rows.filter(({ state }) => state === 'ready').map((row) => [row.id, row]));
    const known = inputs.map((input) => {
      const row = 'tableId' in input ? ready.get(input.tableId) : undefined;
      return { name: input.name, columns: row ? columnsOf(row) : null };
    });
    const plan = await this.plans.checked(request.plan, known, request);
    return known.every(({ columns }) => columns) ? plan : null;
  }

  private async checkReuse({ reuse }: RunRequest): Promise<void> {
    if (typeof reuse !== 'object') return;
    for (const [index, id] of reuse.runs.entries())
      if ((await this.runs.version(id)) === null)
        throw new RefusedError('unknown_run', `There is no run ${id}.`, {
          field: `reuse.runs[${index}]`,
          value: id,
          allowed: 'the id of a run',
        });
  }

  private async checkTable(id: string, field: string): Promise<void> {
    const row = await this.tables.findRow(id);
    if (!row) throw new RefusedError('unknown_table', `There is no table ${id}.`, { field, value: id, allowed: 'the id of a table' });
    if (row.deletedAt || row.state === 'failed' || row.state === 'cancelled') {
      const state = row.deletedAt ? 'deleted' : row.state;
      throw new RefusedError('table_not_ready', `Table ${id} is ${state}.`, {
        field,
        value: state,
        allowed: 'a table that is ready, or will be',
      });
    }
  }

  /** RefusedError `not_found` or `deleted` if it is not there. */
  async load(id: string): Promise<RunRecord> {
    const record = await this.runs.load(id);
    if (!record) throw notFound('run', id);
    if (record.run.deletedAt) throw deleted('run', id);
    return record;
  }
}

const DONE = { pause: 'paused', resume: 'resumed', cancel: 'cancelled' } as const;

const checkAmendments = ({ amendments = 0 }: RunRequest, { amendments: most }: Config['planner']): void => {
  if (amendments <= most) return;
  throw new RefusedError('too_many_amendments', `A run may be amended ${most} times at most.`, {
    field: 'amendments',
    value: amendments,
    allowed: `0 to ${most}, as the configuration says (planner.amendments)`,
  });
};

/** A plan that is given is carried out as it stands, unless it or the request says that it is to be looked at. */
const amendmentsOf = ({ amendments, plan }: RunRequest, { amendments: most }: Config['planner']): number =>
  amendments ?? (plan && !plan.steps.some(({ review }) => review) ? 0 : most);

/** A sample is of a step that works row by row. */
const checkQuotedStep = ({ plan, quote }: RunRequest): void => {
  const step = typeof quote === 'object' ? quote.step : undefined;
  if (step === undefined) return;
  const maps = (plan?.steps ?? []).flatMap(({ id, kind }) => (kind === 'map' ? [id] : []));
  if (maps.includes(step)) return;
  throw new RefusedError('unknown_step', `The plan has no step ${step} of kind map.`, {
    field: 'quote.step',
    value: step,
    allowed: plan ? allowedNames(step, maps) : 'a step of a plan that is given with the request',
  });
};

export const wrongState = ({ id, state }: { id: string; state: string }, done: string, allowed: string): RefusedError =>
  new RefusedError('wrong_state', `Run ${id} cannot be ${done}: it is ${state}.`, { field: 'id', value: state, allowed });
