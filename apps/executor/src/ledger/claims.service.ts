import { type Assignment, newLeaseToken, sizeOf } from '@apwa/contracts';
import { activeOf, ALONE_ROWS, decide, type LedgerEffect } from '@apwa/ledger-protocol';
import { Inject, Injectable } from '@nestjs/common';
import { BudgetsRepository } from '../budgets/budgets.repository.js';
import { Database, type Queries } from '../database/database.js';
import { JournalService } from '../journal/journal.service.js';
import { journalPlace } from '../journal/journal-place.js';
import { MembersRepository, type MemberRow } from '../members/members.repository.js';
import { TIMES, type Timing } from '../settings.js';
import { type LedgerEntry } from './ledger-entry.js';
import { type Claimable, LedgerRepository, type WaitingOwner } from './ledger.repository.js';
import { LedgerWriter } from './ledger-writer.js';
import { nextOf, served, slotsFor } from './scheduling.js';
import { shareOf } from './share-of-work.js';

/** What a member is offered: owners with such shards, and room below their limits. */
interface Offer {
  readonly suspects: boolean;
  readonly waiting: readonly WaitingOwner[];
}

/** A shard that is claimed, and the version of the control under which its run is active. */
type Claimed = LedgerEntry & { readonly controlVersion: number; readonly budgeted: boolean };

interface Claim {
  memberId: string;
  freeSlots: number;
  lane: string;
  /** Owners of whom the member wants nothing now. */
  saturated: readonly string[];
}

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
    @Inject(TIMES) private readonly times: Timing,
  ) {}

  /** Shards for the member's free slots, for all of them if that is soon done. PermanentError `unknown_member` if it has not joined. */
  async claim({ memberId, freeSlots, lane, saturated }: Claim): Promise<Assignment[]> {
    const assignments: Assignment[] = [];
    const begunAt = performance.now();
    for (let free = freeSlots; free > 0 && (assignments.length === 0 || performance.now() - begunAt < this.times.claimMs);) {
      const claim = { memberId, freeSlots: free, lane, saturated };
      const assignment = await this.database
        .transaction((queries) => this.#claimOne(queries, claim))
        .catch((thrown: unknown) => {
          // Those before it are this member's: unless it hears of them they wait for their leases to run out.
          if (assignments.length > 0) return null;
          throw thrown;
        });
      if (!assignment) break;
      assignments.push(assignment);
      free -= assignment.slots;
    }
    return assignments;
  }

  async #claimOne(queries: Queries, { memberId, freeSlots, lane, saturated }: Claim): Promise<Assignment | null> {
    const member = await this.members.require(queries, memberId);
    if (member.state !== 'running') return null;
    // The pool's row is what claims of one pool wait for each other on: turns must not be decided twice.
    await queries.$executeRaw`INSERT INTO pools (name) VALUES (${member.pool}) ON CONFLICT DO NOTHING`;
    const [pool] = await queries.$queryRaw<{ virtualTime: number }[]>`
      SELECT virtual_time AS "virtualTime" FROM pools WHERE name = ${member.pool} FOR UPDATE`;
    const { waiting, suspects } = await this.#offer(queries, member, { freeSlots, lane, saturated });
    const poolTime = pool?.virtualTime ?? 0;
    const next = nextOf(waiting, poolTime);
    const entry = next && (await this.#entry(queries, next.ownerId, { memberId, pool: member.pool, lane, suspects }));
    if (!next || !entry) return null;

    const rows = sizeOf(entry.shard.range);
    const atOnce = suspects ? Math.min(rows, ALONE_ROWS) : rows;
    const question = { free: freeSlots, waiting: waiting.length, rows: atOnce, limit: next.maxInFlight, inFlight: next.inFlight };
    const slots = slotsFor(question);
    const token = newLeaseToken();
    const second = activeOf(entry.shard).length > 0;
    const { effects } = decide(entry.shard, { kind: 'claim', token, member: member.id, second, alone: suspects });
    const assigned = effects.find((effect) => effect.kind === 'assigned');
    if (slots === 0 || !assigned) return null;
    await this.writer.write(queries, entry, effects, { slots, memberId: member.id, second });
    const after = served(next, poolTime, rows);
    await queries.$executeRaw`UPDATE runs SET virtual_time = ${after.virtualTime} WHERE owner_id = ${next.ownerId}`;
    await queries.$executeRaw`UPDATE pools SET virtual_time = ${after.poolTime} WHERE name = ${member.pool}`;
    const elastic = next.maxInFlight === null && assigned.handling === 'ordinary';
    return this.#assignment(entry, token, assigned, { slots, elastic, weight: next.weight });
  }

  async #offer(queries: Queries, member: MemberRow, { freeSlots, lane, saturated }: Omit<Claim, 'memberId'>): Promise<Offer> {
    const { id: memberId, pool, slotsTotal: slots } = member;
    const held = await this.ledger.heldBy(queries, memberId);
    const suspects = await this.#waiting(queries, { memberId, pool, lane, suspects: true });
    const emptying = suspects.length > 0 && (await this.ledger.leastBusy(queries, pool)) === memberId;
    switch (shareOf({ ...held, freeSlots, slots }, suspects.length > 0, emptying)) {
      case 'nothing':
        return { suspects: false, waiting: [] };
      case 'suspects':
        return { suspects: true, waiting: suspects };
      case 'ordinary': {
        const waiting = await this.#waiting(queries, { memberId, pool, lane, suspects: false });
        return { suspects: false, waiting: waiting.filter(({ ownerId }) => !saturated.includes(ownerId)) };
      }
    }
  }

  /** Runs that have such a shard for this pool, and room below their limit. */
  async #waiting(queries: Queries, what: Claimable): Promise<WaitingOwner[]> {
    const waiting = await this.ledger.waiting(queries, what);
    return waiting.filter(({ maxInFlight, inFlight }) => maxInFlight === null || inFlight < maxInFlight);
  }

  /** The run's next shard, locked; null if it was paused, or its work taken back, since it was looked at. */
  async #entry(queries: Queries, ownerId: string, what: Claimable): Promise<Claimed | null> {
    const [run] = await queries.$queryRaw<{ control: string; version: number }[]>`
      SELECT control, control_version AS version FROM runs WHERE owner_id = ${ownerId} FOR UPDATE`;
    if (run?.control !== 'active') return null;
    const shardId = await this.ledger.claimable(queries, ownerId, what);
    const entry = shardId ? await this.ledger.lock(queries, shardId) : null;
    return entry && { ...entry, controlVersion: run.version, budgeted: await this.budgets.isBudgeted(queries, ownerId) };
  }

  #assignment(
    { stage, row, shard, controlVersion, budgeted }: Claimed,
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
      budgeted,
      journal: journalPlace(this.journal.incarnation, stage.id, row.originId, token),
    };
  }
}
