import { type Amounts, type BudgetQuestion, type BudgetTerms, type RunControl, type Spending } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';
import { type Account, type Lease } from './account.js';

/** A member is counted among the askers for so long after its latest question. Milliseconds. */
const ASKER_MS = 2_000;

/** A lease whose member is gone, with the attempts that were under way when it told of itself last. */
export interface DeadLease {
  ownerId: string;
  memberId: string;
  sequence: number;
  lease: Lease;
  attempts: { token: string; stageId: string; originId: string }[];
}

interface Sums {
  holdsUsd: number;
  holdsTokens: number;
  holdsRows: number;
  looseUsd: number;
  looseTokens: number;
  looseRows: number;
}

interface LeaseRow {
  ownerId: string;
  memberId: string;
  sequence: number;
  holds: Amounts;
  spent: Amounts;
  open: Amounts;
  reserved: Amounts;
}

/** Without what sums of fractions are off by: to a thousand-millionth. */
const rounded = ({ usd, tokens, rows }: Amounts): Amounts => ({ usd: nine(usd), tokens: nine(tokens), rows: nine(rows) });
const nine = (amount: number): number => Math.round(amount * 1e9) / 1e9;

/** What runs may spend, and what their members have of it. */
@Injectable()
export class BudgetsRepository {
  /** Takes terms that are newer than those that hold. The owner's row has to be there, locked. */
  async setTerms(queries: Queries, ownerId: string, { version, usd, tokens, rows, planning }: BudgetTerms): Promise<void> {
    await queries.$executeRaw`
      INSERT INTO budgets (owner_id, version, usd, tokens, rows, planning_usd, planning_tokens)
      VALUES (${ownerId}, ${version}, ${usd}, ${tokens}, ${rows}, ${planning.usd}, ${planning.tokens})
      ON CONFLICT (owner_id) DO UPDATE SET version = EXCLUDED.version, usd = EXCLUDED.usd, tokens = EXCLUDED.tokens, rows = EXCLUDED.rows,
        planning_usd = EXCLUDED.planning_usd, planning_tokens = EXCLUDED.planning_tokens
      WHERE budgets.version < EXCLUDED.version`;
  }

  async isBudgeted(queries: Queries, ownerId: string): Promise<boolean> {
    return (await queries.budget.count({ where: { ownerId } })) > 0;
  }

  /** The account as a member's question finds it, locked; null if the run has no budget. `sequence`: of its latest question. */
  async lockFor(
    queries: Queries,
    ownerId: string,
    memberId: string,
  ): Promise<{ account: Account; sequence: number; holds: Amounts } | null> {
    const [row] = await queries.$queryRaw<
      (Omit<BudgetTerms, 'planning'> & { planningUsd: number; planningTokens: number; control: RunControl['state'] })[]
    >`
      SELECT b.version, b.usd, b.tokens, b.rows, b.planning_usd AS "planningUsd", b.planning_tokens AS "planningTokens", r.control
      FROM budgets b JOIN runs r ON r.owner_id = b.owner_id WHERE b.owner_id = ${ownerId} FOR UPDATE OF b`;
    if (!row) return null;
    const [sums] = await queries.$queryRaw<(Sums & { askers: number })[]>`
      SELECT COALESCE(sum(holds_usd), 0) AS "holdsUsd", COALESCE(sum(holds_tokens), 0) AS "holdsTokens", COALESCE(sum(holds_rows), 0) AS "holdsRows",
        COALESCE(sum(holds_usd - spent_usd), 0) AS "looseUsd", COALESCE(sum(holds_tokens - spent_tokens), 0) AS "looseTokens",
        COALESCE(sum(holds_rows - spent_rows), 0) AS "looseRows",
        (count(*) FILTER (WHERE NOT settled AND asked_at > clock_timestamp() - ${ASKER_MS} * interval '1 millisecond'))::int AS askers
      FROM budget_leases WHERE owner_id = ${ownerId} AND member_id <> ${memberId}`;
    const mine = await queries.budgetLease.findUnique({ where: { ownerId_memberId: { ownerId, memberId } } });
    const { planningUsd, planningTokens, control, ...limits } = row;
    return {
      account: {
        terms: { ...limits, planning: { usd: planningUsd, tokens: planningTokens, rows: 0 } },
        others: {
          holds: { usd: sums?.holdsUsd ?? 0, tokens: sums?.holdsTokens ?? 0, rows: sums?.holdsRows ?? 0 },
          loose: { usd: sums?.looseUsd ?? 0, tokens: sums?.looseTokens ?? 0, rows: sums?.looseRows ?? 0 },
          askers: sums?.askers ?? 0,
        },
        active: control === 'active',
      },
      sequence: mine?.sequence ?? 0,
      holds: { usd: mine?.holdsUsd ?? 0, tokens: mine?.holdsTokens ?? 0, rows: mine?.holdsRows ?? 0 },
    };
  }

  async note(
    queries: Queries,
    memberId: string,
    { ownerId, sequence, spent, open, reserved }: BudgetQuestion,
    holds: Amounts,
  ): Promise<void> {
    await queries.$executeRaw`
      INSERT INTO budget_leases (owner_id, member_id, sequence, asked_at, holds_usd, holds_tokens, holds_rows, spent_usd, spent_tokens, spent_rows,
        open_usd, open_tokens, open_rows, reserved_usd, reserved_tokens, reserved_rows)
      VALUES (${ownerId}, ${memberId}, ${sequence}, clock_timestamp(), ${holds.usd}, ${holds.tokens}, ${holds.rows}, ${spent.usd}, ${spent.tokens},
        ${spent.rows}, ${open.usd}, ${open.tokens}, ${open.rows}, ${reserved.usd}, ${reserved.tokens}, ${reserved.rows})
      ON CONFLICT (owner_id, member_id) DO UPDATE SET sequence = EXCLUDED.sequence, asked_at = EXCLUDED.asked_at, settled = false,
        holds_usd = EXCLUDED.holds_usd, holds_tokens = EXCLUDED.holds_tokens, holds_rows = EXCLUDED.holds_rows,
        spent_usd = EXCLUDED.spent_usd, spent_tokens = EXCLUDED.spent_tokens, spent_rows = EXCLUDED.spent_rows,
        open_usd = EXCLUDED.open_usd, open_tokens = EXCLUDED.open_tokens, open_rows = EXCLUDED.open_rows,
        reserved_usd = EXCLUDED.reserved_usd, reserved_tokens = EXCLUDED.reserved_tokens, reserved_rows = EXCLUDED.reserved_rows`;
  }

  /** Leases of members that are gone, and hold no attempt of the run any more: they begin no call. */
  async dead(queries: Queries, limit: number): Promise<DeadLease[]> {
    const rows = await queries.$queryRaw<LeaseRow[]>`
      SELECT l.owner_id AS "ownerId", l.member_id AS "memberId", l.sequence,
        json_build_object('usd', holds_usd, 'tokens', holds_tokens, 'rows', holds_rows) AS holds,
        json_build_object('usd', spent_usd, 'tokens', spent_tokens, 'rows', spent_rows) AS spent,
        json_build_object('usd', open_usd, 'tokens', open_tokens, 'rows', open_rows) AS open,
        json_build_object('usd', reserved_usd, 'tokens', reserved_tokens, 'rows', reserved_rows) AS reserved
      FROM budget_leases l
      WHERE NOT l.settled
        AND NOT EXISTS (SELECT 1 FROM members m WHERE m.id = l.member_id AND m.state IN ('starting', 'running', 'draining'))
        AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.member_id = l.member_id AND a.owner_id = l.owner_id AND a.state = 'active')
      ORDER BY l.asked_at LIMIT ${limit}`;
    const leases: DeadLease[] = [];
    for (const { ownerId, memberId, sequence, ...lease } of rows) {
      const attempts = await queries.$queryRaw<DeadLease['attempts']>`
        SELECT a.token, a.stage_id AS "stageId", h.origin_id AS "originId"
        FROM budget_leases l JOIN attempts a ON a.member_id = l.member_id AND a.owner_id = l.owner_id AND a.ended_at >= l.asked_at
        JOIN shards h ON h.id = a.shard_id WHERE l.owner_id = ${ownerId} AND l.member_id = ${memberId}`;
      leases.push({ ownerId, memberId, sequence, lease, attempts });
    }
    return leases;
  }

  /** All that the member has of the run's budget counts as spent from now on, and is so much. False if it has told of itself since. */
  async settle(queries: Queries, { ownerId, memberId, sequence }: DeadLease, { usd, tokens, rows }: Amounts): Promise<boolean> {
    const changed = await queries.$executeRaw`
      UPDATE budget_leases SET settled = true, holds_usd = ${usd}, holds_tokens = ${tokens}, holds_rows = ${rows}, spent_usd = ${usd},
        spent_tokens = ${tokens}, spent_rows = ${rows}, reserved_usd = 0, reserved_tokens = 0, reserved_rows = 0
      WHERE owner_id = ${ownerId} AND member_id = ${memberId} AND sequence = ${sequence} AND NOT settled`;
    return changed === 1;
  }

  /** Of those owners that have a budget; what the planner took is not among it. */
  async spendingOf(queries: Queries, owners: readonly string[]): Promise<Map<string, Spending>> {
    const rows = await queries.$queryRaw<(Spending & { ownerId: string })[]>`
      SELECT b.owner_id AS "ownerId",
        json_build_object('usd', COALESCE(sum(l.spent_usd), 0), 'tokens', COALESCE(sum(l.spent_tokens), 0), 'rows', COALESCE(sum(l.spent_rows), 0)) AS spent,
        json_build_object('usd', GREATEST(0, COALESCE(sum(l.holds_usd - l.spent_usd), 0)), 'tokens', GREATEST(0, COALESCE(sum(l.holds_tokens - l.spent_tokens), 0)),
          'rows', GREATEST(0, COALESCE(sum(l.holds_rows - l.spent_rows), 0))) AS reserved
      FROM budgets b LEFT JOIN budget_leases l ON l.owner_id = b.owner_id WHERE b.owner_id = ANY(${owners}) GROUP BY b.owner_id`;
    return new Map(rows.map(({ ownerId, spent, reserved }) => [ownerId, { spent: rounded(spent), reserved: rounded(reserved) }]));
  }
}
