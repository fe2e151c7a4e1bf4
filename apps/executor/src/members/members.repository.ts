import { type Member, type MemberState, PermanentError } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';

export interface MemberRow {
  id: string;
  pool: string;
  instance: string | null;
  state: MemberState;
  host: string;
  pid: number;
  slotsTotal: number;
  /** Why it is to go; null if it stays. */
  leaving: string | null;
}

/** A member that asks for work, and what it holds by the ledger's word. */
export interface ClaimantRow extends Pick<MemberRow, 'id' | 'pool' | 'state' | 'slotsTotal' | 'leaving'> {
  attempts: number;
  /** One of them is at a suspect. */
  alone: boolean;
}

/** What a heartbeat says of its member. */
export interface Signs {
  state: MemberState;
  freeSlots: number;
  residentMb: number;
  loopDelayMs: number;
  questions: number;
}

/** A member that is there, with what it has to do. */
export interface CrewMember extends Pick<MemberRow, 'id' | 'pool' | 'instance' | 'state' | 'leaving' | 'slotsTotal'> {
  slotsFree: number;
  residentMb: number;
  questions: number;
  /** Slots that its attempts at work of runs that go on were claimed with: at their ends they use fewer. */
  held: number;
}

/** A member that has not been heard of for so long. */
export interface SilentMember extends Pick<MemberRow, 'id' | 'pool' | 'instance'> {
  silentMs: number;
}

/** States in which a member is there. */
const PRESENT = ['starting', 'running', 'draining'];

@Injectable()
export class MembersRepository {
  /** The same id again is the same process, back after the executor had given it up or forgotten it. */
  async join(queries: Queries, { id, pool, state, slots, resources, host, pid }: Member, instance: string | null): Promise<void> {
    const text = JSON.stringify(resources);
    await queries.$executeRaw`
      INSERT INTO members (id, pool, instance, state, slots_total, slots_free, resources, host, pid)
      VALUES (${id}, ${pool}, ${instance}, ${state}, ${slots.total}, ${slots.free}, ${text}, ${host}, ${pid})
      ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, slots_free = EXCLUDED.slots_free, seen_at = clock_timestamp()`;
  }

  /** PermanentError `unknown_member`: it has to join first. */
  async require(queries: Queries, id: string): Promise<MemberRow> {
    return known(id, (await queries.member.findUnique({ where: { id } })) as MemberRow | null);
  }

  /** PermanentError `unknown_member`: it has to join first. */
  async claimant(queries: Queries, id: string): Promise<ClaimantRow> {
    const [claimant] = await queries.$queryRaw<ClaimantRow[]>`
      SELECT m.id, m.pool, m.state, m.slots_total AS "slotsTotal", m.leaving, count(a.token)::int AS attempts,
        COALESCE(bool_or(a.alone), false) AS alone
      FROM members m LEFT JOIN attempts a ON a.member_id = m.id AND a.state = 'active' WHERE m.id = ${id} GROUP BY m.id`;
    return known(id, claimant);
  }

  async note(queries: Queries, id: string, { state, freeSlots, residentMb, loopDelayMs, questions }: Signs): Promise<void> {
    await queries.$executeRaw`
      UPDATE members SET state = ${state}, slots_free = ${freeSlots}, resident_mb = ${residentMb}, loop_delay_ms = ${loopDelayMs},
        questions = ${questions}, seen_at = clock_timestamp()
      WHERE id = ${id}`;
  }

  /** Members that are there, and what they hold. */
  async crew(queries: Queries): Promise<CrewMember[]> {
    return queries.$queryRaw<CrewMember[]>`
      SELECT m.id, m.pool, m.instance, m.state, m.leaving, m.slots_total AS "slotsTotal", m.slots_free AS "slotsFree",
        m.resident_mb AS "residentMb", m.questions,
        COALESCE((
          SELECT sum(a.slots)::int FROM attempts a JOIN runs r ON r.owner_id = a.owner_id
          WHERE a.member_id = m.id AND a.state = 'active' AND r.control = 'active'), 0) AS held
      FROM members m WHERE m.state = ANY(${PRESENT}) ORDER BY m.id`;
  }

  /** From now on it is given no more work; false if it is to go already, or gone. */
  async letGo(queries: Queries, id: string, why: string): Promise<boolean> {
    return (
      (await queries.$executeRaw`UPDATE members SET leaving = ${why} WHERE id = ${id} AND state = 'running' AND leaving IS NULL`) === 1
    );
  }

  /**
   * As `letGo`, unless the member has something to do after all. The pool's row is locked first, as by each claim: none can come
   * in between. What it holds of a paused run it hands on.
   */
  async letGoIdle(queries: Queries, { id, pool }: Pick<MemberRow, 'id' | 'pool'>, why: string): Promise<boolean> {
    await queries.$executeRaw`INSERT INTO pools (name) VALUES (${pool}) ON CONFLICT DO NOTHING`;
    await queries.$executeRaw`SELECT 1 FROM pools WHERE name = ${pool} FOR UPDATE`;
    const [one] = (await this.crew(queries)).filter((member) => member.id === id);
    return one?.held === 0 && one.questions === 0 && this.letGo(queries, id, why);
  }

  /** Members that are there. */
  async present(queries: Queries): Promise<Member[]> {
    const rows = await queries.member.findMany({ where: { state: { in: PRESENT } }, orderBy: { id: 'asc' } });
    return rows.map(({ id, pool, state, slotsTotal, slotsFree, resources, host, pid }) => ({
      id,
      pool,
      state: state as MemberState,
      slots: { total: slotsTotal, free: slotsFree },
      resources: JSON.parse(resources) as Member['resources'],
      host,
      pid,
    }));
  }

  /** How many members of each pool take work. */
  async staff(queries: Queries): Promise<Map<string, number>> {
    const rows = await queries.member.groupBy({ by: ['pool'], where: { state: 'running', leaving: null }, _count: { _all: true } });
    return new Map(rows.map(({ pool, _count }) => [pool, _count._all]));
  }

  /** Those that did not end in order, among them those that were given up. */
  async ofInstance(queries: Queries, instance: string): Promise<MemberRow[]> {
    return (await queries.member.findMany({ where: { instance, state: { not: 'stopped' } } })) as MemberRow[];
  }

  /** Members with an instance of some executor on this host: children of one that is gone, unless their process lives. */
  async onHost(queries: Queries, host: string): Promise<MemberRow[]> {
    return (await queries.member.findMany({ where: { host, instance: { not: null }, state: { in: PRESENT } } })) as MemberRow[];
  }

  /** Members not heard of for so long; they are marked as gone. */
  async giveUpSilent(queries: Queries, silentMs: number): Promise<SilentMember[]> {
    return queries.$queryRaw<SilentMember[]>`
      UPDATE members SET state = 'failed'
      WHERE state = ANY(${PRESENT}) AND seen_at < clock_timestamp() - ${silentMs} * interval '1 millisecond'
      RETURNING id, pool, instance, (EXTRACT(EPOCH FROM clock_timestamp() - seen_at) * 1000)::float8 AS "silentMs"`;
  }

  async end(queries: Queries, id: string, state: 'stopped' | 'failed'): Promise<void> {
    await queries.$executeRaw`UPDATE members SET state = ${state} WHERE id = ${id} AND state = ANY(${PRESENT})`;
  }

  async forget(queries: Queries, goneMs: number): Promise<void> {
    await queries.$executeRaw`
      DELETE FROM members WHERE NOT state = ANY(${PRESENT}) AND seen_at < clock_timestamp() - ${goneMs} * interval '1 millisecond'`;
  }
}

const known = <M extends Pick<MemberRow, 'state'>>(id: string, member: M | null | undefined): M => {
  if (!member || member.state === 'failed') throw new PermanentError('unknown_member', `The executor does not know the member ${id}.`);
  return member;
};
