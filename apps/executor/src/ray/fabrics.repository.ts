import { InternalError } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';

/** The fabric that was submitted last to a cluster. */
export interface FabricRow {
  readonly generation: number;
  /** Ray's name of the cluster's life in which it was submitted. */
  readonly session: string;
}

@Injectable()
export class FabricsRepository {
  async last(queries: Queries, cluster: string): Promise<FabricRow | null> {
    return queries.fabric.findUnique({ where: { cluster }, select: { generation: true, session: true } });
  }

  /** Takes the next generation of a cluster: whatever was submitted before is not listened to any more. */
  async next(queries: Queries, cluster: string, session: string): Promise<number> {
    const [row] = await queries.$queryRaw<{ generation: number }[]>`
      INSERT INTO fabrics (cluster, generation, session) VALUES (${cluster}, 1, ${session})
      ON CONFLICT (cluster) DO UPDATE SET generation = fabrics.generation + 1, session = EXCLUDED.session
      RETURNING generation`;
    if (!row) throw new InternalError('no_generation', `Cluster ${cluster} got no generation.`);
    return row.generation;
  }
}
