import { z } from 'zod';
import { PoolName } from './ids.js';
import { type Notice, type Operation } from './messages.js';

/** A Ray cluster's name: part of a NATS subject and of the ids of its jobs. */
export const ClusterName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and -, 31 characters at most');
export type ClusterName = z.infer<typeof ClusterName>;

const Instance = z.string().min(1).max(200);
const milliseconds = z.number().int().nonnegative();
const amounts = z.record(z.string(), z.number().nonnegative());

/** How the members of a pool are started, and what each takes of its node. */
export const FabricPool = z.strictObject({
  cpus: z.number().nonnegative(),
  gpus: z.number().nonnegative(),
  /** 0: not asked for. */
  memoryBytes: z.number().int().nonnegative(),
  /** Ray's custom resources. */
  custom: amounts,
  /** Labels that a node must have. */
  labels: z.record(z.string(), z.string()),
  /** Over the nodes, or on as few as will do. */
  placement: z.enum(['spread', 'pack']),
  command: z.array(z.string()).min(1),
  /** Beside the node's own environment, and before it. */
  env: z.record(z.string(), z.string()),
  /** Where members are started; null: where Ray starts its workers. */
  folder: z.string().nullable(),
});
export type FabricPool = z.infer<typeof FabricPool>;

export const FabricOrder = z.strictObject({
  /** Of the executor: an order of an earlier one is refused (`executor_replaced`). */
  epoch: z.number().int().nonnegative(),
  /** Of its orders: one that was overtaken is refused (`order_overtaken`). */
  sequence: z.number().int().positive(),
  /** Without another order for so long the fabric drains its members and ends. */
  leaseMs: milliseconds,
  pools: z.record(PoolName, FabricPool),
  /** Members that are there and not in it drain. */
  members: z.array(
    z.strictObject({
      instance: Instance,
      pool: PoolName,
      wish: z.enum(['run', 'drain', 'kill']),
      /** Of those that are to drain: after so long they are killed. */
      graceMs: milliseconds,
    }),
  ),
  /** Ends of members that need not be told again. */
  heard: z.array(Instance),
});
export type FabricOrder = z.infer<typeof FabricOrder>;

/** How a member ended, as far as its supervisor saw it. */
export const MemberEnd = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exited'), code: z.number().int() }),
  z.strictObject({ kind: z.literal('killed'), signal: z.string() }),
  z.strictObject({ kind: z.literal('not_started'), message: z.string() }),
  /** Who watched it is gone, with its node or without; the process may live on for a moment. */
  z.strictObject({ kind: z.literal('lost'), message: z.string() }),
]);
export type MemberEnd = z.infer<typeof MemberEnd>;

export const FabricNode = z.strictObject({
  id: z.string(),
  address: z.string(),
  head: z.boolean(),
  /** Of Ray's kinds: `CPU`, `GPU`, `memory` (bytes) and custom ones. */
  total: amounts,
});
export type FabricNode = z.infer<typeof FabricNode>;

/** What is on a cluster: all of it, each time. */
export const FabricReport = z.strictObject({
  cluster: ClusterName,
  generation: z.number().int().positive(),
  /** Of the order that was carried out last; 0 before the first. */
  epoch: z.number().int().nonnegative(),
  sequence: z.number().int().nonnegative(),
  members: z.array(
    z.strictObject({
      instance: Instance,
      pool: PoolName,
      state: z.enum(['placing', 'running', 'stopping']),
      /** For people: process and node. Null: no node has room for it yet. */
      where: z.string().nullable(),
    }),
  ),
  /** Until they have been heard. */
  ended: z.array(z.strictObject({ instance: Instance, end: MemberEnd, lastLines: z.array(z.string()) })),
  /** That are alive. */
  nodes: z.array(FabricNode),
  /** What nobody has of all nodes together. */
  available: amounts,
});
export type FabricReport = z.infer<typeof FabricReport>;

/** What a fabric answers: one for each generation on each cluster, so each has subjects of its own. */
export const fabricOperations = (cluster: ClusterName, generation: number) => operationsAt(`${cluster}.${generation}`);

const operationsAt = (place: string) => {
  const operation = <Request extends z.ZodType>(name: string, request: Request): Operation<Request, typeof FabricReport> => ({
    subject: `apwa.fabric.${place}.${name}`,
    service: 'fabric',
    callers: ['executor'],
    request,
    reply: FabricReport,
    deadlineMs: 3_000,
  });
  return {
    /** All that shall be, from now on; the reply is what is. */
    order: operation('order', FabricOrder),
    /** Changes nothing but the lease. */
    look: operation('look', z.strictObject({ epoch: FabricOrder.shape.epoch, leaseMs: milliseconds })),
    /** Members drain for so long at most, and the fabric ends. */
    end: operation('end', z.strictObject({ graceMs: milliseconds })),
  };
};

/** A member has started or ended somewhere. */
export const fabricReported: Notice<typeof FabricReport> = {
  subject: 'apwa.fabric_report',
  from: 'fabric',
  to: 'executor',
  payload: FabricReport,
};

/** Of all fabrics together: `*` stands for cluster and generation. */
export const allFabricOperations: readonly Operation[] = Object.values(operationsAt('*.*'));
