import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';

export type OwnerKind = 'run' | 'table' | 'export';

export interface Owner {
  id: string;
  kind: OwnerKind;
}

export type Acquired = { outcome: 'held'; kind: OwnerKind } | { outcome: 'busy' } | { outcome: 'finished' };

/** Everything that is to be brought to its end, and who works on it. Leases are on Postgres' clock. */
@Injectable()
export class OwnersRepository {
  constructor(private readonly database: Database) {}

  async create(queries: Queries, owner: Owner): Promise<void> {
    await queries.owner.create({ data: owner });
  }

  /** Takes or renews the lease of one owner. Longer ones than are given tell of a clock that was set back: they are over. */
  async acquire(id: string, holder: string, leaseMs: number): Promise<Acquired> {
    const [row] = await this.database.$queryRaw<{ kind: OwnerKind }[]>`
      UPDATE manager.owners SET holder = ${holder}, leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      WHERE id = ${id} AND finished_at IS NULL AND (holder IS NULL OR holder = ${holder} OR leased_until NOT BETWEEN
        clock_timestamp() AND clock_timestamp() + ${2 * leaseMs} * interval '1 millisecond')
      RETURNING kind`;
    if (row) return { outcome: 'held', kind: row.kind };
    const owner = await this.database.owner.findUnique({ where: { id }, select: { finishedAt: true } });
    return owner && owner.finishedAt === null ? { outcome: 'busy' } : { outcome: 'finished' };
  }

  /** Renews leases; ids that are still held come back. */
  async renew(ids: string[], holder: string, leaseMs: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      UPDATE manager.owners SET leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      WHERE id = ANY(${ids}) AND holder = ${holder} AND finished_at IS NULL RETURNING id`;
    return rows.map(({ id }) => id);
  }

  async release(id: string, holder: string): Promise<void> {
    await this.database.owner.updateMany({ where: { id, holder }, data: { holder: null, leasedUntil: null } });
  }

  async unfinished(): Promise<string[]> {
    const rows = await this.database.owner.findMany({ where: { finishedAt: null }, select: { id: true }, orderBy: { id: 'asc' } });
    return rows.map(({ id }) => id);
  }

  async finish(queries: Queries, id: string): Promise<void> {
    await queries.owner.updateMany({ where: { id, finishedAt: null }, data: { finishedAt: new Date(), holder: null, leasedUntil: null } });
  }

  /** The next version of what the executor is to be told. */
  async raiseControl(queries: Queries, id: string): Promise<void> {
    await queries.owner.update({ where: { id }, data: { controlVersion: { increment: 1 } } });
  }

  /** A version above one that the executor holds. */
  async raiseControlAbove(id: string, held: number): Promise<void> {
    await this.database.owner.updateMany({ where: { id, controlVersion: { lte: held } }, data: { controlVersion: held + 1 } });
  }

  async ackControl(queries: Queries, id: string, version: number): Promise<void> {
    await queries.owner.updateMany({ where: { id, controlAcked: { lt: version } }, data: { controlAcked: version } });
  }
}
