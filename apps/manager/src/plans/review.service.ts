import {
  type ApproveRequest,
  type Plan,
  type PlanVersion,
  type PlanVersionList,
  RefusedError,
  type Run,
  type UncheckedEdit,
} from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AmendmentsRepository } from '../amend/amendments.repository.js';
import { checkAmendment, withBegun } from '../amend/check.js';
import { checkContextOf } from '../amend/check-context.js';
import { termsFor, unchangedSteps } from '../quotes/samples.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { checkPrices } from '../runs/budget.js';
import { type RunRecord, factsOf, requestOf, viewOf } from '../runs/run-record.js';
import { RunsService, wrongState } from '../runs/runs.service.js';
import { CONFIG, type Config } from '../settings.js';
import { columnsOf } from '../tables/tables.repository.js';
import { modelsOfPlan } from './models-of-plan.js';
import { PlansService } from './plans.service.js';
import { refusedPlan } from './validate.js';
import { type Origin, PlanVersionsRepository, hashOfPlan } from './plan-versions.repository.js';

const WAITS = 'awaiting_approval';

/** What a person does with a run's plan: reads its versions, edits it and approves it. */
@Injectable()
export class ReviewService {
  constructor(
    private readonly runs: RunsService,
    private readonly plans: PlansService,
    private readonly versions: PlanVersionsRepository,
    private readonly amendments: AmendmentsRepository,
    private readonly reconciler: Reconciler,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async list(id: string): Promise<PlanVersionList> {
    await this.runs.load(id);
    return { versions: await this.versions.list(id) };
  }

  async show(id: string, version: number): Promise<PlanVersion> {
    const { run } = await this.runs.load(id);
    const found = await this.versions.find(id, version);
    if (found) return found;
    const allowed = run.planVersion === 0 ? 'a run that has a plan' : `1 to ${run.planVersion}`;
    throw new RefusedError('not_found', `Run ${id} has no version ${version} of its plan.`, { field: 'version', value: version, allowed });
  }

  /** A faulty plan changes nothing: the run waits on with the one that it has. The same plan again is no new version. */
  async edit(id: string, { plan: document, reason, version }: UncheckedEdit): Promise<Run> {
    const record = await this.runs.load(id);
    const before = this.waiting(record, 'edited');
    const seen = version ?? record.run.planVersion;
    if (seen !== record.run.planVersion) throw changed(before, seen);
    const inputs = record.inputs.map(({ name, table }) => ({ name, columns: columnsOf(table) }));
    const plan = await this.plans.checked(document, inputs, requestOf(record), id);
    if (requestOf(record).budget?.usd !== undefined) checkPrices(this.config.models, modelsOfPlan(plan, this.config.model));
    if (before.plan && hashOfPlan(before.plan) === hashOfPlan(plan)) return before;
    const origin = { by: 'person', reason: reason ?? 'edited' } as const;
    if (before.plan && record.steps.length > 0) return this.amend(record, before.plan, plan, { seen, origin });
    const kept = before.plan && termsFor(plan, requestOf(record)) ? [...unchangedSteps(before.plan, plan)] : null;
    const replaced = await this.versions.replace({ id, from: seen, plan, origin, kept });
    return this.done(id, 'edited', seen, replaced);
  }

  /** Another plan where some of it has been carried out: an amendment waits for approval. */
  private async amend(record: RunRecord, before: Plan, edited: Plan, { seen, origin }: { seen: number; origin: Origin }): Promise<Run> {
    const { id } = record.run;
    const context = checkContextOf(factsOf(record).steps, before, record.amendments);
    const faults = checkAmendment(edited, context);
    if (faults.length > 0) throw refusedPlan(faults.map((fault) => ({ ...fault, field: `plan.${fault.field}` })));
    const plan = withBegun(edited, context);
    const replaced = await this.versions.replace({ id, from: seen, plan, origin, kept: null }, (queries) =>
      this.amendments.replaceTables(queries, record, plan, context.standings),
    );
    return this.done(id, 'edited', seen, replaced);
  }

  async approve(id: string, { version }: ApproveRequest): Promise<Run> {
    const record = await this.runs.load(id);
    const before = this.waiting(record, 'approved');
    if (version !== record.run.planVersion) throw changed(before, version);
    return this.done(id, 'approved', version, await this.versions.approve(id, version));
  }

  private waiting(record: RunRecord, done: string): Run {
    const run = viewOf(record);
    if (run.state !== WAITS) throw wrongState(run, done, WAITS);
    return run;
  }

  /** Somebody else may have been faster: then what is there now says why it was not done. */
  private async done(id: string, done: string, version: number, wasDone: boolean): Promise<Run> {
    const now = await this.runs.show(id);
    if (!wasDone) throw now.state === WAITS ? changed(now, version) : wrongState(now, done, WAITS);
    this.reconciler.wake(id);
    return now;
  }
}

const changed = ({ id, planVersion }: Run, version: number): RefusedError =>
  new RefusedError('plan_changed', `The plan of run ${id} is version ${planVersion}, and version ${version} is named.`, {
    field: 'version',
    value: version,
    allowed: `${planVersion}, once it was looked at`,
  });
