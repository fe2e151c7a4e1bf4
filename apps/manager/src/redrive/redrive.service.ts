import { type Fault, type RedriveRequest, RefusedError, type Run, type RunRequest, isTerminal, newId } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { deleted, notFound } from '../http/not-found.js';
import { PlansService, requestedSteps } from '../plans/plans.service.js';
import { refusedPlan } from '../plans/validate.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { planOf, requestOf, viewOf } from '../runs/run-record.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { columnsOf } from '../tables/tables.repository.js';
import { planRedrive } from './redrive.js';

/** Does again what failed in a run that has ended, as a run of its own. */
@Injectable()
export class RedriveService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly plans: PlansService,
    private readonly reconciler: Reconciler,
  ) {}

  /** RefusedError where the run goes on, never had a plan, is deleted, or nothing of it is left to do; `invalid_redrive` names what is wrong. */
  async redrive(id: string, wanted: RedriveRequest): Promise<Run> {
    const record = await this.runs.load(id);
    if (!record) throw notFound('run', id);
    if (record.run.deletedAt) throw deleted('run', id);
    const run = viewOf(record);
    const plan = planOf(record);
    if (!isTerminal(run.state)) throw notNow(run, run.state, 'a run that has ended');
    if (!plan || record.inputs.some(({ table }) => table.state !== 'ready'))
      throw notNow(run, run.state, 'a run that had its inputs and a plan when it ended');
    const gone = [...record.inputs.map(({ table }) => table), ...record.steps].find(({ deletedAt }) => deletedAt);
    if (gone) throw deleted('table', gone.id);
    const redriven = planRedrive({ plan, steps: run.steps }, wanted);
    if ('faults' in redriven) throw refused(redriven.faults);
    const old = requestOf(record);
    const inputs = record.inputs.map(({ name, table }) => ({ name, columns: columnsOf(table) }));
    const checked = await this.plans.validate(redriven.plan, inputs, requestedSteps(old.outputs));
    if (!checked.valid) throw refusedPlan(checked.faults.map((fault) => ({ ...fault, field: `plan.${fault.field}` })));
    const request: RunRequest = {
      ...old,
      inputs: record.inputs.map(({ name, table }) => ({ name, table: table.id })),
      plan: redriven.plan,
      approval: 'auto',
      quote: false,
      amendments: 0,
      stopAfter: 'steps',
    };
    const created = newId('run');
    const tables = record.inputs.map(({ name, table }) => ({ name, tableId: table.id }));
    await this.runs.create(created, request, tables, checked.plan, { redrive: { runId: id, steps: redriven.steps } });
    this.reconciler.wake(created);
    const again = await this.runs.load(created);
    if (!again) throw notFound('run', created);
    return viewOf(again);
  }
}

const notNow = ({ id }: Run, state: string, allowed: string): RefusedError =>
  new RefusedError('wrong_state', `Run ${id} cannot be redriven: it is ${state}.`, { field: 'id', value: state, allowed });

const refused = (faults: Fault[]): RefusedError => {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new RefusedError('invalid_redrive', `The redrive is not possible: ${first?.field} ${first?.message}${more}.`, {
    field: first?.field ?? 'steps',
    faults,
    ...(first?.value === undefined ? {} : { value: first.value }),
    ...(first?.allowed === undefined ? {} : { allowed: first.allowed }),
  });
};
