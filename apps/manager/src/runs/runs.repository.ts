import {
  type ErrorPayload,
  type PauseReason,
  type Plan,
  RefusedError,
  type RunPause,
  type RunRequest,
  inputsOf,
  newId,
  type StepControl,
  type TableState,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { toJson } from '../database/json.js';
import { Prisma } from '../generated/prisma/client.js';
import { ExportsRepository } from '../exports/exports.repository.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { type ImportSource, TablesRepository } from '../tables/tables.repository.js';
import { type Origin, PlanVersionsRepository } from '../plans/plan-versions.repository.js';
import { unknownUpload } from '../uploads/unknown-upload.js';
import { UploadsRepository } from '../uploads/uploads.repository.js';
import { type StoredBudget } from './budget.js';
import { GOES_ON } from './goes-on.js';
import { type EndState, type StoredState } from './next.js';
import { type PauseDecision, type PauseFacts, decidePause, decideResume, decideStep } from './pause.js';
import { changedRecordQuery, parseRecord, recordsQuery } from './record-query.js';
import { type RunRecord, planOf, requestOf, tablesByName } from './run-record.js';
import { plannedExports } from './outputs.js';

/** A run's input as it is created: a table that is there, or one to be imported. */
export type NewInput = { name: string; tableId: string } | { name: string; source: ImportSource; files: string[] };

/** Whose failed rows a run does again, and of which steps. */
export interface RedriveOf {
  runId: string;
  steps: string[];
}

/** Of a plan that came with the run's request. */
export const GIVEN = { by: 'person', reason: 'given with the run' } as const satisfies Origin;

@Injectable()
export class RunsRepository {
  constructor(
    private readonly database: Database,
    private readonly owners: OwnersRepository,
    private readonly tables: TablesRepository,
    private readonly exports: ExportsRepository,
    private readonly uploads: UploadsRepository,
    private readonly plans: PlanVersionsRepository,
  ) {}

  async create(
    id: string,
    request: RunRequest,
    inputs: NewInput[],
    checkedPlan: Plan | null,
    {
      redrive = null,
      tryOf = null,
      amendmentsAllowed = 0,
    }: { redrive?: RedriveOf | null; tryOf?: string | null; amendmentsAllowed?: number } = {},
  ): Promise<void> {
    await this.database.$transaction(async (queries) => {
      // First of all, so that everybody locks tables before anything else.
      const [gone] = await this.tables.hold(
        queries,
        inputs.flatMap((input) => ('tableId' in input ? [input.tableId] : [])),
      );
      if (gone !== undefined) throw goneInput(inputs, gone);
      await this.owners.create(queries, { id, kind: 'run' });
      const plan = checkedPlan ? toJson(checkedPlan) : Prisma.DbNull;
      const of = redrive ? { redriveOf: redrive.runId, redriveSteps: redrive.steps } : {};
      const tried = tryOf === null ? {} : { tryOf };
      const data = { state: 'importing', request: toJson(request), plan, planVersion: checkedPlan ? 1 : 0, ...of, ...tried };
      await queries.run.create({ data: { id, ...data, amendmentsAllowed, budget: budgetOf(request), startedAt: new Date() } });
      const reason = redrive ? `redrive of ${redrive.runId}` : GIVEN.reason;
      if (checkedPlan) await this.plans.add(queries, id, 1, checkedPlan, { ...GIVEN, reason });
      for (const [position, input] of inputs.entries()) {
        const tableId = 'tableId' in input ? input.tableId : newId('table');
        if ('source' in input) {
          const { upload } = input.source;
          if (!(await this.uploads.use(queries, upload))) throw unknownUpload(upload, `inputs[${position}].upload`);
          const { name, source, files } = input;
          await this.tables.createImport(queries, { id: tableId, name, runId: id, source, files });
        }
        await queries.runInput.create({ data: { runId: id, name: input.name, position, tableId } });
      }
    });
  }

  async load(id: string): Promise<RunRecord | null> {
    const [found] = await this.loadMany([id]);
    return found ?? null;
  }

  /** Runs in which steps of drafts for a run were tried, the newest first. */
  async triesOf(id: string): Promise<string[]> {
    const rows = await this.database.run.findMany({ where: { tryOf: id, deletedAt: null }, orderBy: { id: 'desc' }, select: { id: true } });
    return rows.map((row) => row.id);
  }

  /** Newest first, without tries. */
  async list(limit: number, after?: string): Promise<RunRecord[]> {
    const rows = await this.database.run.findMany({
      where: { deletedAt: null, tryOf: null, ...(after === undefined ? {} : { id: { lt: after } }) },
      orderBy: { id: 'desc' },
      take: limit,
      select: { id: true },
    });
    return this.loadMany(rows.map(({ id }) => id));
  }

  private async loadMany(ids: string[]): Promise<RunRecord[]> {
    const rows = await this.database.$queryRaw<{ record: string }[]>(recordsQuery(ids));
    return rows.map(({ record }) => parseRecord(record));
  }

  /** The run unless its version is the one that was `seen`. Null if there is no such run. */
  async loadChanged(id: string, seen: number): Promise<RunRecord | 'unchanged' | null> {
    const [row] = await this.database.$queryRaw<{ record: string | null }[]>(changedRecordQuery(id, seen));
    if (!row) return null;
    return row.record === null ? 'unchanged' : parseRecord(row.record);
  }

  /** Null if there is no such run. */
  async version(id: string): Promise<number | null> {
    const row = await this.database.run.findUnique({ where: { id }, select: { version: true } });
    return row?.version ?? null;
  }

  /** Somebody who shows the run should look again. */
  async touch(queries: Queries, id: string | null): Promise<void> {
    if (id) await queries.run.updateMany({ where: { id }, data: { version: { increment: 1 } } });
  }

  /** From one state to the next, with what begins to exist there. Nothing happens if the run is elsewhere by now. */
  async enter(record: RunRecord, from: StoredState, state: Exclude<StoredState, EndState | 'amending'>): Promise<void> {
    const { id } = record.run;
    await this.database.$transaction(async (queries) => {
      const moved = await queries.run.updateMany({
        where: { id, state: from, ...(state === 'cancelling' ? {} : GOES_ON) },
        data: { state, version: { increment: 1 }, ...(state === 'planning' ? { planningStartedAt: new Date() } : {}) },
      });
      if (moved.count === 0) return;
      // An amended plan has its tables already.
      if (state === 'running' && record.steps.length === 0) await this.createSteps(queries, record);
      if (state === 'exporting') await this.createExports(queries, record);
    });
  }

  private async createSteps(queries: Queries, record: RunRecord): Promise<void> {
    const plan = planOf(record);
    if (!plan) return;
    const ids = new Map(plan.steps.map((step) => [step.id, newId('table')]));
    for (const { name, table } of record.inputs) ids.set(name, table.id);
    const earlier = await this.earlierOf(queries, record);
    for (const step of plan.steps) {
      const inputs = inputsOf(step).flatMap((name) => ids.get(name) ?? []);
      const [previousId = null, ...others] = earlier.get(step.id) ?? [];
      const versions = { previousId, earlier: previousId === null ? [] : [previousId, ...others] };
      await this.tables.createOfStep(queries, { id: ids.get(step.id) ?? '', runId: record.run.id, stepId: step.id, inputs, ...versions });
    }
  }

  /**
   * Tables of the steps in the run that is done again, and of those before it whose rows one that was cut off had not taken over yet:
   * the newest first. They are there, and stay until the new tables have ended.
   */
  private async earlierOf(queries: Queries, { run }: RunRecord): Promise<Map<string, string[]>> {
    if (run.redriveOf === null) return new Map();
    const rows = await queries.dataTable.findMany({
      where: { runId: run.redriveOf, stepId: { not: null } },
      select: { id: true, stepId: true, state: true, earlier: true },
    });
    const wanted = rows.map(({ id, stepId, state, earlier }) => ({
      stepId: stepId ?? '',
      ids: state === 'ready' ? [id] : [id, ...earlier],
    }));
    const gone = new Set(
      await this.tables.hold(
        queries,
        wanted.flatMap(({ ids }) => ids),
      ),
    );
    return new Map(wanted.map(({ stepId, ids }) => [stepId, ids.filter((id) => !gone.has(id))]));
  }

  private async createExports(queries: Queries, record: RunRecord): Promise<void> {
    const plan = planOf(record);
    if (!plan) return;
    const tables = tablesByName(record);
    for (const [position, { step, ...planned }] of plannedExports(plan, requestOf(record), tables).entries()) {
      const tableId = tables.get(step)?.id;
      if (!tableId) continue;
      const id = newId('export');
      await this.exports.create(queries, { id, runId: record.run.id, stepId: step, tableId, position, ...planned });
    }
  }

  /**
   * The run's end. Nothing happens if it is elsewhere by now; a cancellation or a pause that came in between is not lost. Whether
   * something was deleted with it.
   */
  async finish(id: string, from: StoredState, state: EndState): Promise<boolean> {
    return this.database.$transaction(async (queries) => {
      const { count } = await queries.run.updateMany({
        where: { id, state: from, ...(state === 'cancelled' ? {} : GOES_ON) },
        data: { state, finishedAt: new Date(), version: { increment: 1 } },
      });
      if (count === 0) return false;
      await this.owners.finish(queries, id);
      // What was found for its rows has served: the results stand in its own tables.
      const found = await queries.dataTable.updateMany({
        where: { runId: id, OR: [{ matchOf: { not: null } }, { levelKind: 'found' }] },
        data: { deletedAt: new Date() },
      });
      return found.count > 0;
    });
  }

  /** Writes down why a run fails, the first reason. */
  async fail(id: string, error: ErrorPayload, within?: Queries): Promise<void> {
    const fail = async (queries: Queries): Promise<void> => {
      const { count } = await queries.run.updateMany({
        where: { id, finishedAt: null, error: { equals: Prisma.DbNull } },
        data: { error: toJson(error), version: { increment: 1 } },
      });
      if (count === 1) await this.endPause(queries, id);
      if (count === 1) await this.owners.raiseControl(queries, id);
    };
    await (within ? fail(within) : this.database.$transaction(fail));
  }

  /** False if the run has ended. Asking again changes nothing. */
  async requestCancel(id: string, cancelReason: string | null): Promise<boolean> {
    return this.database.$transaction(async (queries) => {
      const { count } = await queries.run.updateMany({
        where: { id, finishedAt: null, cancelRequestedAt: null },
        data: { cancelRequestedAt: new Date(), cancelReason, version: { increment: 1 } },
      });
      if (count === 1) await this.endPause(queries, id);
      if (count === 1) await this.owners.raiseControl(queries, id);
      return count === 1;
    });
  }

  /** Has a run begin nothing new, whoever works on it; what was decided comes back. Null if there is no such run. */
  async pause(id: string, reason: PauseReason, message: string): Promise<PauseDecision | null> {
    return this.database.$transaction(async (queries) => {
      const facts = await this.lockForPause(queries, id);
      if (!facts) return null;
      const decided = decidePause(facts, reason);
      if (decided.decision === 'change' || decided.decision === 'explain') {
        const paused: RunPause = { reason, message, since: facts.paused?.since ?? new Date().toISOString() };
        await queries.run.update({ where: { id }, data: { paused: toJson(paused), version: { increment: 1 } } });
      }
      if (decided.decision === 'change') await this.owners.raiseControl(queries, id);
      return decided;
    });
  }

  /** Has a paused run go on where it was, with this budget. Null if there is no such run. */
  async resume(id: string, budget: StoredBudget | null): Promise<PauseDecision | null> {
    return this.database.$transaction(async (queries) => {
      const facts = await this.lockForPause(queries, id);
      if (!facts) return null;
      const decided = decideResume(facts);
      if (decided.decision === 'change') {
        await this.endPause(queries, id);
        if (budget) await queries.run.update({ where: { id }, data: { budget: toJson(budget) } });
        await this.touch(queries, id);
        await this.owners.raiseControl(queries, id);
      }
      return decided;
    });
  }

  /** Has a step stand still, go on or end, whatever the run's others do; what was decided comes back. Null if there is no such run. */
  async controlStep(id: string, step: string, wanted: StepControl): Promise<PauseDecision | null> {
    return this.database.$transaction(async (queries) => {
      const run = await this.lockForPause(queries, id);
      if (!run) return null;
      const { pausedSteps, cancelledSteps } = await queries.run.findUniqueOrThrow({
        where: { id },
        select: { pausedSteps: true, cancelledSteps: true },
      });
      const table = await queries.dataTable.findFirst({ where: { runId: id, stepId: step }, select: { state: true } });
      const ended = table?.state === 'waiting' || table?.state === 'writing' ? null : ((table?.state as TableState | undefined) ?? null);
      const facts = { run, ended, paused: pausedSteps.includes(step), cancelled: cancelledSteps.includes(step) };
      const decided = decideStep(facts, wanted);
      if (decided.decision !== 'change') return decided;
      await queries.run.update({
        where: { id },
        data: {
          pausedSteps: wanted === 'pause' ? [...pausedSteps, step] : pausedSteps.filter((one) => one !== step),
          ...(wanted === 'cancel' ? { cancelledSteps: [...cancelledSteps, step] } : {}),
          version: { increment: 1 },
        },
      });
      await this.owners.raiseControl(queries, id);
      return decided;
    });
  }

  /** The executor knows this version of what it is to do for the run: whoever shows the run should look again. */
  async controlKnown(id: string, version: number): Promise<void> {
    await this.database.$transaction(async (queries) => {
      await this.touch(queries, id);
      await this.owners.ackControl(queries, id, version);
    });
  }

  private async lockForPause(queries: Queries, id: string): Promise<PauseFacts | null> {
    const [row] = await queries.$queryRaw<PauseFacts[]>`
      SELECT state, cancel_requested_at IS NOT NULL AS "cancelRequested", error IS NOT NULL AS failing, paused
      FROM manager.runs WHERE id = ${id} FOR UPDATE`;
    return row ?? null;
  }

  /** A pause that is over is remembered for its time. */
  private async endPause(queries: Queries, id: string): Promise<void> {
    await queries.$executeRaw`
      UPDATE manager.runs SET paused = NULL, pauses = pauses || jsonb_build_array(jsonb_build_object(
        'from', floor(extract(epoch FROM (paused->>'since')::timestamptz) * 1000), 'to', ${Date.now()}::bigint))
      WHERE id = ${id} AND paused IS NOT NULL`;
  }
}

const budgetOf = ({ budget }: RunRequest) => (budget ? toJson({ version: 1, limits: budget } satisfies StoredBudget) : Prisma.DbNull);

/** An input was deleted while the run was being checked. */
const goneInput = (inputs: NewInput[], id: string): RefusedError =>
  new RefusedError('table_not_ready', `Table ${id} is deleted.`, {
    field: `inputs[${inputs.findIndex((input) => 'tableId' in input && input.tableId === id)}].table`,
    value: 'deleted',
    allowed: 'a table that is ready, or will be',
  });
