import { type Member, type MemberState, PermanentError } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';

export interface MemberRow {
  id: string;
  pool: string;
  instance: string | null;
  state: MemberState;
  slotsTotal: number;
  host: string;
  pid: number;
}

/** What a heartbeat says of its member. */
export interface Signs {
  state: MemberState;
  freeSlots: number;
  residentMb: number;
  loopDelayMs: number;
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
    const member = await queries.member.findUnique({ where: { id } });
    if (!member || member.state === 'failed') throw new PermanentError('unknown_member', `The executor does not know the member ${id}.`);
    return member as MemberRow;
  }

  async note(queries: Queries, id: string, { state, freeSlots, residentMb, loopDelayMs }: Signs): Promise<void> {
    await queries.$executeRaw`
      UPDATE members SET state = ${state}, slots_free = ${freeSlots}, resident_mb = ${residentMb}, loop_delay_ms = ${loopDelayMs},
        seen_at = clock_timestamp()
      WHERE id = ${id}`;
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
    const rows = await queries.member.groupBy({ by: ['pool'], where: { state: 'running' }, _count: { _all: true } });
    return new Map(rows.map(({ pool, _count }) => [pool, _count._all]));
  }

  async ofInstance(queries: Queries, instance: string): Promise<MemberRow[]> {
    return (await queries.member.findMany({ where: { instance, state: { in: PRESENT } } })) as MemberRow[];
  }

  /** Members with an instance of some executor on this host: children of one that is gone, unless their process lives. */
  async onHost(queries: Queries, host: string): Promise<MemberRow[]> {
    return (await queries.member.findMany({ where: { host, instance: { not: null }, state: { in: PRESENT } } })) as MemberRow[];
  }

  /** Members not heard of for so long; they are marked as gone. */
  async giveUpSilent(queries: Queries, silentMs: number): Promise<string[]> {
    const rows = await queries.$queryRaw<{ id: string }[]>`
      UPDATE members SET state = 'failed'
      WHERE state = ANY(${PRESENT}) AND seen_at < clock_timestamp() - ${silentMs} * interval '1 millisecond' RETURNING id`;
    return rows.map(({ id }) => id);
  }

  async end(queries: Queries, id: string, state: 'stopped' | 'failed'): Promise<void> {
    await queries.$executeRaw`UPDATE members SET state = ${state} WHERE id = ${id} AND state = ANY(${PRESENT})`;
  }

  async forget(queries: Queries, goneMs: number): Promise<void> {
    await queries.$executeRaw`
      DELETE FROM members WHERE NOT state = ANY(${PRESENT}) AND seen_at < clock_timestamp() - ${goneMs} * interval '1 millisecond'`;
  }
}
