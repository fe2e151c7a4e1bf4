import { type Assignment, newLeaseToken, sizeOf } from '@apwa/contracts';
import { decide } from '@apwa/ledger-protocol';
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { JournalService } from '../journal/journal.service.js';
import { journalPlace } from '../journal/journal-place.js';
import { MembersRepository, type MemberRow } from '../members/members.repository.js';
import { TIMES, type Timing } from '../settings.js';
import { type LedgerEntry } from './ledger-entry.js';
import { LedgerRepository } from './ledger.repository.js';
import { LedgerWriter } from './ledger-writer.js';
import { type Contender, nextOf, served, slotsFor } from './scheduling.js';

interface Waiting extends Contender {
  readonly maxInFlight: number | null;
  readonly inFlight: number;
}

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
    private readonly journal: JournalService,
    @Inject(TIMES) private readonly times: Timing,
  ) {}

  /** Shards for the member's free slots, for all of them if that is soon done. PermanentError `unknown_member` if it has not joined. */
  async claim({ memberId, freeSlots, lane, saturated }: Claim): Promise<Assignment[]> {
    const assignments: Assignment[] = [];
    const begunAt = performance.now();
    for (let free = freeSlots; free > 0 && (assignments.length === 0 || performance.now() - begunAt < this.times.claimMs);) {
      const claim = { memberId, freeSlots: free, lane, saturated };
      const assignment = await this.database.transaction((queries) => this.#claimOne(queries, claim));
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
    const waiting = (await this.#waiting(queries, member.pool, lane)).filter(({ ownerId }) => !saturated.includes(ownerId));
    const poolTime = pool?.virtualTime ?? 0;
    const next = nextOf(waiting, poolTime);
    const entry = next && (await this.#entry(queries, next.ownerId, member, lane));
    if (!next || !entry) return null;

    const rows = sizeOf(entry.shard.range);
    const question = { free: freeSlots, waiting: waiting.length, rows, limit: next.maxInFlight, inFlight: next.inFlight };
    const slots = slotsFor(question);
    const token = newLeaseToken();
    const { effects } = decide(entry.shard, { kind: 'claim', token, member: member.id, second: false });
    const assigned = effects.find((effect) => effect.kind === 'assigned');
    if (slots === 0 || !assigned) return null;
    await this.writer.write(queries, entry, effects, { slots, memberId: member.id });
    const after = served(next, poolTime, rows);
    await queries.$executeRaw`UPDATE runs SET virtual_time = ${after.virtualTime} WHERE owner_id = ${next.ownerId}`;
    await queries.$executeRaw`UPDATE pools SET virtual_time = ${after.poolTime} WHERE name = ${member.pool}`;
    return this.#assignment(entry, token, assigned.number, { slots, elastic: next.maxInFlight === null });
  }

  /** Runs that have a shard for this pool that nobody holds, and room below their limit. */
  async #waiting(queries: Queries, pool: string, lane: string): Promise<Waiting[]> {
    const waiting = await queries.$queryRaw<Waiting[]>`
      SELECT r.owner_id AS "ownerId", r.virtual_time AS "virtualTime", r.weight, r.max_in_flight AS "maxInFlight",
        COALESCE((SELECT sum(a.slots)::int FROM attempts a WHERE a.owner_id = r.owner_id AND a.state = 'active'), 0) AS "inFlight"
      FROM runs r
      WHERE r.control = 'active' AND r.owner_id IN (
        SELECT s.owner_id FROM stages s WHERE s.state = 'running' AND s.pool = ${pool} AND s.lane = ${lane} AND EXISTS (
          SELECT 1 FROM shards h WHERE h.stage_id = s.id AND h.state = 'open'
            AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.shard_id = h.id AND a.state = 'active')))`;
    return waiting.filter(({ maxInFlight, inFlight }) => maxInFlight === null || inFlight < maxInFlight);
  }

  /** The run's next shard, locked; null if it was paused, or its work taken back, since it was looked at. */
  async #entry(queries: Queries, ownerId: string, member: MemberRow, lane: string): Promise<LedgerEntry | null> {
    const [run] = await queries.$queryRaw<{ control: string }[]>`SELECT control FROM runs WHERE owner_id = ${ownerId} FOR UPDATE`;
    if (run?.control !== 'active') return null;
    const shardId = await this.ledger.claimable(queries, { ownerId, pool: member.pool, lane });
    return shardId ? this.ledger.lock(queries, shardId) : null;
  }

  #assignment(
    { stage, row, shard }: LedgerEntry,
    token: string,
    attempt: number,
    share: Pick<Assignment, 'slots' | 'elastic'>,
  ): Assignment {
    return {
      token,
      stageId: stage.id,
      ownerId: stage.ownerId,
      shardId: row.id,
      generation: row.generation,
      attempt,
      lane: stage.lane,
      range: shard.range,
      ...share,
      journal: journalPlace(this.journal.incarnation, stage.id, row.originId, token),
    };
  }
}
