import { type AmendmentCause, type AmendmentOutcome, type ErrorPayload, type Plan, TransientError, newId } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { toJson } from '../database/json.js';
import { type Turn, TurnsRepository } from '../planner/turns.repository.js';
import { PlanVersionsRepository } from '../plans/plan-versions.repository.js';
import { GOES_ON } from '../runs/goes-on.js';
import { type RunRecord, planOf, requestOf } from '../runs/run-record.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { TablesRepository } from '../tables/tables.repository.js';
import { type Redone } from './amend-facts.js';
import { type Standing } from './standings.js';
import { type TableChanges, tableChanges } from './step-tables.js';
import { workHash } from './work-hash.js';

/** What comes of an amendment. */
export type AmendmentEnd =
  | { outcome: 'amended'; reason: string; plan: Plan; standings: ReadonlyMap<string, Standing>; redo: string[] }
  | { outcome: 'kept' | 'failed'; reason: string }
  /** The run fails with it. */
  | { outcome: 'ended'; reason: string; error: ErrorPayload };

/** What an amendment is about. */
export interface About {
  step: string;
  tableId: string;
  cause: AmendmentCause;
  /** Of a step that failed: by what it is known again. */
  failure: string | null;
}

@Injectable()
export class AmendmentsRepository {
  constructor(
    private readonly database: Database,
    private readonly turns: TurnsRepository,
    private readonly runs: RunsRepository,
    private readonly versions: PlanVersionsRepository,
    private readonly tables: TablesRepository,
  ) {}

  /** The run is `amending` from now on. Nothing happens if it is elsewhere by now. */
  async begin({ run, amendments }: RunRecord, { step, tableId, cause, failure }: About): Promise<void> {
    await this.database.$transaction(async (queries) => {
      const { count } = await queries.run.updateMany({
        where: { id: run.id, state: 'running', planVersion: run.planVersion, ...GOES_ON },
        data: { state: 'amending', version: { increment: 1 } },
      });
      if (count === 0) return;
      const number = (amendments.at(-1)?.number ?? 0) + 1;
      await queries.amendment.create({
        data: { runId: run.id, number, stepId: step, tableId, cause, failure, planVersion: run.planVersion },
      });
    });
  }

  /** Writes down a turn together with what it led to. Another manager may have been faster: then its turn counts. */
  async addTurn(record: RunRecord, number: number, turn: Turn, end: AmendmentEnd | null): Promise<void> {
    await this.turns.record(record.run.id, turn, number, async (queries) => {
      if (end) await this.close(queries, record, number, end);
    });
  }

  /** Nothing comes of it. */
  async giveUp(record: RunRecord, number: number, reason: string): Promise<void> {
    await this.database.$transaction((queries) => this.close(queries, record, number, { outcome: 'failed', reason }));
  }

  /** Has a plan that a person made of an amended one carried out: `PUT /v1/runs/:id/plan`. */
  async replaceTables(queries: Queries, record: RunRecord, plan: Plan, standings: ReadonlyMap<string, Standing>): Promise<void> {
    const before = planOf(record);
    if (!before) return;
    const changes = tableChanges({
      before,
      after: plan,
      standings,
      tables: record.steps.map(({ id, stepId, earlier, reference }) => ({
        id,
        stepId: stepId ?? '',
        earlier,
        readable: reference !== null,
      })),
      inputs: new Map(record.inputs.map(({ name, table }) => [name, table.id])),
      newId: () => newId('table'),
    });
    await this.#apply(queries, record.run.id, changes);
  }

  private async close(queries: Queries, record: RunRecord, number: number, end: AmendmentEnd): Promise<void> {
    const { id, planVersion } = record.run;
    const { count } = await queries.amendment.updateMany({
      where: { runId: id, number, outcome: null },
      data: {
        outcome: end.outcome satisfies AmendmentOutcome,
        reason: end.reason,
        newVersion: end.outcome === 'amended' ? planVersion + 1 : null,
        finishedAt: new Date(),
      },
    });
    if (count === 0) return;
    if (end.outcome === 'ended') return this.runs.fail(id, end.error, queries);
    const change = end.outcome === 'amended' ? this.#amended(record, end.plan) : { state: 'running' };
    // Whoever has cancelled it meanwhile has the last word.
    const moved = await queries.run.updateMany({
      where: { id, state: 'amending', planVersion },
      data: { ...change, version: { increment: 1 } },
    });
    if (end.outcome !== 'amended') return;
    const { plan, reason, redo } = end;
    if (moved.count === 0) {
      const nothing = { outcome: 'failed', reason: 'The run was ended meanwhile.', newVersion: null } as const;
      await queries.amendment.updateMany({ where: { runId: id, number }, data: nothing });
      return;
    }
    const redone: Redone[] = redo.map((step) => ({ step, work: workHash(plan, step) }));
    await queries.amendment.update({ where: { runId_number: { runId: id, number } }, data: { redo: toJson(redone) } });
    await this.versions.add(queries, id, planVersion + 1, plan, { by: 'planner', reason });
    await this.replaceTables(queries, record, plan, end.standings);
  }

  /** Who had to approve the first version has to approve each. */
  #amended(record: RunRecord, plan: Plan) {
    const waits = requestOf(record).approval === 'required';
    return {
      plan: toJson(plan),
      planVersion: record.run.planVersion + 1,
      state: waits ? 'awaiting_approval' : 'running',
      ...(waits ? { approvedAt: null } : {}),
    };
  }

  async #apply(queries: Queries, runId: string, { drop, retire, change, create }: TableChanges): Promise<void> {
    const waiting = { runId, state: 'waiting', stageId: null };
    const dropped = await queries.dataTable.deleteMany({ where: { ...waiting, id: { in: drop } } });
    if (dropped.count !== drop.length) throw begunMeanwhile();
    for (const { id, inputs, anew } of change) {
      const data = { inputs, ...(anew ? { previousId: null, earlier: [] } : {}) };
      const changed = await queries.dataTable.updateMany({ where: { ...waiting, id }, data });
      if (changed.count !== 1) throw begunMeanwhile();
    }
    for (const { id, stepId } of retire) {
      await queries.dataTable.update({ where: { id }, data: { stepId: null, replacedOf: stepId } });
      await queries.dataTable.updateMany({ where: { runId, levelOf: stepId }, data: { levelOf: null, replacedOf: stepId } });
      // What was found for its rows was found for another template.
      await queries.dataTable.updateMany({ where: { runId, matchOf: stepId }, data: { matchOf: null, deletedAt: new Date() } });
    }
    for (const table of create) await this.tables.createOfStep(queries, { ...table, runId });
  }
}

/** A step was just about to begin when the planner was asked. Who asks again sees it as it is. */
const begunMeanwhile = (): TransientError => new TransientError('step_begun', 'A step that was to change has begun meanwhile.');
