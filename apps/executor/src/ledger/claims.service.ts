import { type Assignment, newLeaseToken, sizeOf } from '@apwa/contracts';
import { activeOf, ALONE_ROWS, decide, type LedgerEffect } from '@apwa/ledger-protocol';
import { Inject, Injectable } from '@nestjs/common';
import { BudgetsRepository } from '../budgets/budgets.repository.js';
import { Database, type Queries } from '../database/database.js';
import { JournalService } from '../journal/journal.service.js';
import { journalPlace } from '../journal/journal-place.js';
import { MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { heldOf } from '../runs/runs.repository.js';
import { TIMES, type Timing } from '../settings.js';
import { type LedgerEntry } from './ledger-entry.js';
import { type Asker, LedgerRepository, type WaitingOwner } from './ledger.repository.js';
import { LedgerWriter } from './ledger-writer.js';
import { nextOf, served, slotsFor } from './scheduling.js';
import { shareOf } from './share-of-work.js';

/** A shard that is claimed, and the control under which its run is active. */
type Claimed = LedgerEntry & { readonly controlVersion: number; readonly held: string[]; readonly budgeted: boolean };

interface Claim {
  memberId: string;
  freeSlots: number;
  lane: string;
  /** Owners of whom the member wants nothing now. */
  saturated: readonly string[];
}

/** What a member may be given now: shards of these owners, suspects or others. */
interface Offer {
  readonly asker: Asker;
  readonly suspects: boolean;
  readonly waiting: readonly WaitingOwner[];
}

/** Members that heard of work ask for it within this. Milliseconds. */
const HINTED_MS = 100;

/** Gives shards to members that ask, in turns between runs. */
@Injectable()
export class ClaimsService {
  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerRepository,
    private readonly writer: LedgerWriter,
    private readonly members: MembersRepository,
    private readonly budgets: BudgetsRepository,
    private readonly journal: JournalService,
    private readonly notices: NoticesService,
    @Inject(TIMES) private readonly times: Timing,
  ) {}

  /**
   * Shards for the member's free slots, for all of them if that is soon done; `more`: there may be others for it.
   * PermanentError `unknown_member` if it has not joined.
   */
  async claim(claim: Claim): Promise<{ assignments: Assignment[]; more: boolean }> {
    const assignments: Assignment[] = [];
    const begunAt = performance.now();
    for (let free = claim.freeSlots; free > 0 && (assignments.length === 0 || performance.now() - begunAt < this.times.claimMs);) {
      const next = { ...claim, freeSlots: free };
      let assignment: Assignment | null;
      try {
        assignment = await this.#next(next);
      } catch (thrown) {
        // Those before it are this member's: unless it hears of them they wait for their leases to run out.
        if (assignments.length > 0) break;
        throw thrown;
      }
      if (!assignment) return { assignments, more: false };
      assignments.push(assignment);
      free -= assignment.slots;
    }
    return { assignments, more: true };
  }

  /** Most questions find nothing, and whoever finds nothing needs no transaction; but of those that follow a notice most find something. */
  async #next(claim: Claim): Promise<Assignment | null> {
    if (!this.notices.saidWorkWithin(HINTED_MS)) {
      const { waiting } = await this.database.read((queries) => this.#offer(queries, claim));
      if (waiting.length === 0) return null;
    }
    return this.database.transaction((queries) => this.#claimOne(queries, claim));
  }

  async #claimOne(queries: Queries, claim: Claim): Promise<Assignment | null> {
    // The pool's row is what claims of one pool wait for each other on: turns must not be decided twice.
    const { pool, poolTime } = await this.#lockPool(queries, claim.memberId);
    const { asker, waiting, suspects } = await this.#offer(queries, claim);
    const next = nextOf(waiting, poolTime);
    const entry = next && (await this.#entry(queries, next.ownerId, asker, suspects));
    if (!next || !entry) return null;

    const rows = sizeOf(entry.shard.range);
    const atOnce = suspects ? Math.min(rows, ALONE_ROWS) : rows;
    const question = { free: claim.freeSlots, waiting: waiting.length, rows: atOnce, limit: next.maxInFlight, inFlight: next.inFlight };
    const slots = slotsFor(question);
    const token = newLeaseToken();
    const second = activeOf(entry.shard).length > 0;
    const { effects } = decide(entry.shard, { kind: 'claim', token, member: asker.memberId, second, alone: suspects });
    const assigned = effects.find((effect) => effect.kind === 'assigned');
    if (slots === 0 || !assigned) return null;
    await this.writer.write(queries, entry, effects, { slots, memberId: asker.memberId, second });
    const after = served(next, poolTime, rows);
    await queries.$executeRaw`
      WITH run AS (UPDATE runs SET virtual_time = ${after.virtualTime} WHERE owner_id = ${next.ownerId})
      UPDATE pools SET virtual_time = ${after.poolTime} WHERE name = ${pool}`;
    const elastic = next.maxInFlight === null && assigned.handling === 'ordinary';
    return this.#assignment(entry, token, assigned, { slots, elastic, weight: next.weight });
  }

  /** The clock of the member's pool; claims of the pool come after this one until the transaction ends. */
  async #lockPool(queries: Queries, memberId: string): Promise<{ pool: string; poolTime: number }> {
    const lock = () => queries.$queryRaw<{ pool: string; poolTime: number }[]>`
      SELECT p.name AS pool, p.virtual_time AS "poolTime" FROM members m JOIN pools p ON p.name = m.pool
      WHERE m.id = ${memberId} FOR UPDATE OF p`;
    const [known] = await lock();
    if (known) return known;
    const { pool } = await this.members.claimant(queries, memberId);
    await queries.$executeRaw`INSERT INTO pools (name) VALUES (${pool}) ON CONFLICT DO NOTHING`;
    const [made] = await lock();
    return made ?? { pool, poolTime: 0 };
  }

  async #offer(queries: Queries, { memberId, freeSlots, lane, saturated }: Claim): Promise<Offer> {
    const { pool, state, leaving, slotsTotal: slots, ...held } = await this.members.claimant(queries, memberId);
    const asker = { memberId, pool, lane };
    if (state !== 'running' || leaving !== null) return { asker, suspects: false, waiting: [] };
    const all = await this.ledger.waiting(queries, asker);
    const suspects = all.filter(({ suspect }) => suspect);
    const emptying = suspects.length > 0 && (await this.ledger.leastBusy(queries, pool)) === memberId;
    switch (shareOf({ ...held, freeSlots, slots }, suspects.length > 0, emptying)) {
      case 'nothing':
        return { asker, suspects: false, waiting: [] };
      case 'suspects':
        return { asker, suspects: true, waiting: suspects };
      case 'ordinary':
        return { asker, suspects: false, waiting: all.filter(({ ordinary, ownerId }) => ordinary && !saturated.includes(ownerId)) };
    }
  }

  /** The run's next shard, locked; null if it was paused, or its work taken back, since it was looked at. */
  async #entry(queries: Queries, ownerId: string, asker: Asker, suspects: boolean): Promise<Claimed | null> {
    const [run] = await queries.$queryRaw<{ control: string; version: number; held: string[] }[]>`
      SELECT control, control_version AS version, held FROM runs WHERE owner_id = ${ownerId} FOR UPDATE`;
    if (run?.control !== 'active') return null;
    const entry = await this.ledger.lockClaimable(queries, ownerId, asker, suspects);
    // A statement of its own: one that waited for the run's lock would not see a budget that came with it.
    return entry && { ...entry, controlVersion: run.version, held: run.held, budgeted: await this.budgets.isBudgeted(queries, ownerId) };
  }

  #assignment(
    { stage, row, shard, controlVersion, held, budgeted }: Claimed,
    token: string,
    { number, handling }: Extract<LedgerEffect, { kind: 'assigned' }>,
    share: Pick<Assignment, 'slots' | 'elastic' | 'weight'>,
  ): Assignment {
    return {
      token,
      stageId: stage.id,
      ownerId: stage.ownerId,
      shardId: row.id,
      originId: row.originId,
      generation: row.generation,
      handling,
      attempt: number,
      lane: stage.lane,
      range: shard.range,
      ...share,
      controlVersion,
      ...heldOf(held),
      budgeted,
      journal: journalPlace(this.journal.incarnation, stage.id, row.originId, token),
    };
  }
}
