import { type ErrorPayload, type Plan, type TokenUsage } from '@apwa/contracts';
import { type ChatMessage } from '@apwa/model';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { isDuplicate } from '../database/errors.js';
import { fromJson, toJson } from '../database/json.js';
import { PlanVersionsRepository } from '../plans/plan-versions.repository.js';
import { RunsRepository } from '../runs/runs.repository.js';

export type TurnOutcome = 'prompt' | 'tools' | 'text' | 'rejected' | 'accepted' | 'failed';

/** A finished turn of the planner. */
export interface Turn {
  turn: number;
  messages: ChatMessage[];
  notes: string[];
  outcome: TurnOutcome;
  usage: TokenUsage;
  costUsd: number;
}

/** How a turn ends the planning, if it does: with a plan, or with the reason for which the run fails. */
export interface TurnEnd {
  plan?: Plan;
  failure?: ErrorPayload;
}

@Injectable()
export class TurnsRepository {
  constructor(
    private readonly database: Database,
    private readonly runs: RunsRepository,
    private readonly plans: PlanVersionsRepository,
  ) {}

  /** `amendment`: the number of the one whose turns are wanted; left out: those of the first plan. */
  async history(runId: string, amendment = 0): Promise<Turn[]> {
    const rows = await this.database.plannerTurn.findMany({ where: { runId, amendment }, orderBy: { turn: 'asc' } });
    return rows.map(({ turn, messages, notes, outcome, usage, costUsd }) => ({
      turn,
      messages: fromJson<ChatMessage[]>(messages),
      notes: fromJson<string[]>(notes),
      outcome: outcome as TurnOutcome,
      usage: fromJson<TokenUsage>(usage),
      costUsd,
    }));
  }

  /** What the planner did in the turns after `after`, for display. */
  async notes(runId: string, after: number): Promise<{ turn: number; notes: string[] }[]> {
    const rows = await this.database.plannerTurn.findMany({
      where: { runId, turn: { gt: after } },
      orderBy: { turn: 'asc' },
      select: { turn: true, notes: true },
    });
    return rows.map(({ turn, notes }) => ({ turn, notes: fromJson<string[]>(notes) }));
  }

  /** Writes down a turn together with what it led to. Another manager may have been faster: then its turn counts. */
  async add(runId: string, turn: Turn, { plan, failure }: TurnEnd = {}): Promise<void> {
    await this.record(runId, turn, 0, async (queries) => {
      if (plan) await this.plans.adopt(queries, runId, plan, { by: 'planner', reason: `planned in ${turn.turn} turns` });
      if (failure) await this.runs.fail(runId, failure, queries);
    });
  }

  /** The same of a turn of an amendment, or of the first plan (0). `end`: writes down what it led to. */
  async record(runId: string, turn: Turn, amendment: number, end: (queries: Queries) => Promise<void>): Promise<void> {
    const { messages, notes, usage, ...rest } = turn;
    const data = { runId, amendment, ...rest, messages: toJson(messages), notes: toJson(notes), usage: toJson(usage) };
    try {
      await this.database.$transaction(async (queries) => {
        await queries.plannerTurn.create({ data });
        await this.runs.touch(queries, runId);
        await end(queries);
      });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
  }
}
