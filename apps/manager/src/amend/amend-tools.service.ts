import { type Fault, type Plan, PermanentError, excerpt, noUsage } from '@apwa/contracts';
import { type ToolCall } from '@apwa/model';
import { Inject, Injectable } from '@nestjs/common';
import { modelsOfPlan } from '../plans/models-of-plan.js';
import { faultsOfUnsafe } from '../plans/planned-unsafe.js';
import { requestedSteps, PlansService } from '../plans/plans.service.js';
import { ToolsService, documentOf, inShort, mistaken, patiently, readArguments } from '../planner/tools.service.js';
import { checkPrices } from '../runs/budget.js';
import { type RunRecord, factsOf, requestOf } from '../runs/run-record.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { faultsOf } from '../shapes/faults.js';
import { CONFIG, type Config } from '../settings.js';
import { columnsOf, referenceOf } from '../tables/tables.repository.js';
import { type AmendmentEnd } from './amendments.repository.js';
import { checkAmendment, faultsOfBrought, withBegun } from './check.js';
import { checkContextOf } from './check-context.js';
import { withRedo } from './redo.js';
import { AMEND_TOOLS, amendTools, isAmendTool, isLook } from './tool-definitions.js';

type Wanted = Exclude<AmendmentEnd, { outcome: 'ended' }> | { outcome: 'ended'; reason: string };

/** What came of a tool call. `note` is for people who watch. */
export type AmendOutcome =
  | { kind: 'shown'; content: string; note: string }
  | { kind: 'rejected'; faults: Fault[]; note: string }
  | { kind: 'ended'; end: Wanted; note: string };

/** Carries out the tool calls of an amendment. What is wrong with a call is told to the model; it can do better. */
@Injectable()
export class AmendToolsService {
  constructor(
    private readonly looks: ToolsService,
    private readonly plans: PlansService,
    private readonly runs: RunsRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async call(call: ToolCall, { record, plan }: { record: RunRecord; plan: Plan }, signal: AbortSignal): Promise<AmendOutcome> {
    const { name } = call;
    if (isLook(name)) return this.look(call, record, signal);
    if (!isAmendTool(name))
      return mistaken(`There is no tool ${excerpt(name, 60)}. Tools: ${AMEND_TOOLS.map((tool) => tool.name).join(', ')}.`);
    const read = readArguments(call.arguments);
    if ('mistake' in read) return mistaken(`The arguments of ${name} are not JSON: ${read.mistake}. Call it again.`);
    if (name === 'submit_amendment') return this.submit(read.value, record.run.id, plan, signal);
    const tool = amendTools[name];
    const parsed = tool.arguments.safeParse(read.value);
    if (!parsed.success)
      return mistaken(
        `The arguments of ${name} are wrong: ${JSON.stringify(faultsOf(parsed.error, read.value, tool.arguments, 'arguments'))}`,
      );
    if ('explanation' in parsed.data) {
      const { explanation } = parsed.data;
      return { kind: 'ended', end: { outcome: 'ended', reason: explanation }, note: `ends the run: ${excerpt(explanation)}` };
    }
    const { reason } = parsed.data;
    return { kind: 'ended', end: { outcome: 'kept', reason }, note: `keeps the plan: ${excerpt(reason)}` };
  }

  /** Inputs, and what steps have made as far as it can be read. */
  private async look(call: ToolCall, record: RunRecord, signal: AbortSignal): Promise<AmendOutcome> {
    const { inputs, steps, run } = record;
    const made = steps.filter((table) => referenceOf(table)).map((table) => ({ name: table.stepId ?? '', table }));
    const { allowUnsafe } = requestOf(record);
    const spent = { usage: noUsage(), costUsd: 0 };
    const context = { runId: run.id, inputs: [...inputs, ...made], requested: [], allowUnsafe, spent, signal };
    const outcome = await this.looks.call(call, context);
    if (outcome.kind !== 'shown') throw new PermanentError('not_a_look', `${call.name} does more than look.`, { field: run.id });
    return outcome;
  }

  private async submit(value: unknown, runId: string, before: Plan, signal: AbortSignal): Promise<AmendOutcome> {
    const said = (typeof value === 'object' && value !== null ? value : {}) as { reason?: unknown; redo?: unknown };
    const { shape } = amendTools.submit_amendment.arguments;
    const reason = shape.reason.safeParse(said.reason);
    if (!reason.success)
      return mistaken('submit_amendment needs a reason: one sentence for the person, 1,000 characters at most. Call it again.');
    const wanted = shape.redo.safeParse(said.redo);
    if (!wanted.success)
      return mistaken(`The redo of submit_amendment is wrong: ${JSON.stringify(faultsOf(wanted.error, said.redo, shape.redo, 'redo'))}`);
    const redo = [...new Set(wanted.data ?? [])];
    // The call of the model took its time: what counts is how the run is now.
    const record = await this.runs.load(runId);
    if (!record) throw new PermanentError('no_run', `Run ${runId} is not there.`);
    const { steps } = factsOf(record);
    const known = checkContextOf(steps, before, record.amendments);
    const again = withRedo(redo, { ...known, steps });
    if (again.faults.length > 0) return rejected(again.faults);
    const context = { ...known, standings: again.standings };
    const request = requestOf(record);
    const inputs = record.inputs.map(({ name, table }) => ({ name, columns: columnsOf(table) }));
    const document = documentOf(value);
    const brought = faultsOfBrought(document, before);
    if (brought.length > 0) return rejected(brought);
    const result = await patiently(() => this.plans.validate(document, inputs, requestedSteps(request.outputs), signal, runId), signal);
    if (!result.valid) return rejected(result.faults);
    const unsafe = faultsOfUnsafe(result.plan, request.allowUnsafe, before);
    const faults = [...checkAmendment(result.plan, context), ...unsafe];
    if (faults.length > 0) return rejected(faults);
    const plan = withBegun(result.plan, context);
    if (request.budget?.usd !== undefined) checkPrices(this.config.models, modelsOfPlan(plan, this.config.model));
    const { standings } = context;
    const redone = redo.filter((id) => standings.get(id) === 'again');
    const end: Wanted = { outcome: 'amended', reason: reason.data, plan, standings, redo: redone };
    return { kind: 'ended', end, note: `amends the plan: ${excerpt(reason.data)}` };
  }
}

const rejected = (faults: Fault[]): AmendOutcome => ({
  kind: 'rejected',
  faults,
  note: `submits an amendment that is not valid: ${inShort(faults)}`,
});
