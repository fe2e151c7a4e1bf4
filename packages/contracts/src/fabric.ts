import { z } from 'zod';
import { CapabilityHash } from './capability.js';
import { CapabilityId } from './capability-parts.js';
import { ClusterName, PoolName } from './ids.js';
import { JsonObject } from './json.js';
import { type Notice, type Operation, type ServiceName } from './messages.js';

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
  /** Its own, and those that Ray gives it. */
  labels: z.record(z.string(), z.string()),
  /** Whether functions that a model wrote can be run there. */
  sandbox: z.discriminatedUnion('kind', [
    /** It has not been found out yet. */
    z.strictObject({ kind: z.literal('unknown') }),
    z.strictObject({ kind: z.literal('there') }),
    z.strictObject({ kind: z.literal('missing'), why: z.string() }),
  ]),
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
  /** That have calls. */
  capabilities: z.array(
    z.strictObject({
      hash: CapabilityHash,
      /** Calls that are not worked at. */
      waiting: z.number().int().nonnegative(),
      /** Places for them that no node has room for yet. */
      placing: z.number().int().nonnegative(),
    }),
  ),
});
export type FabricReport = z.infer<typeof FabricReport>;

/** A Python function, as far as it matters to who runs it. */
export const FabricDefinition = z.strictObject({
  id: CapabilityId,
  /** Of a module; null: `module` is imported. */
  source: z.string().nullable(),
  module: z.string().nullable(),
  function: z.string(),
  cpus: z.number().nonnegative(),
  gpus: z.number().nonnegative(),
  memoryMb: z.number().int().positive(),
  pip: z.array(z.string()),
  reuse: z.enum(['task', 'actor']),
  instances: z.number().int().positive(),
  timeoutMs: milliseconds,
  loadTimeoutMs: milliseconds,
  /** Of whom nobody vouches for, as what a model wrote: it runs in a sandbox, or not at all. */
  sandboxed: z.boolean(),
});
export type FabricDefinition = z.infer<typeof FabricDefinition>;

/** Why a row has no output. */
export const CallErrorCode = z.enum([
  'capability_failed',
  'capability_timeout',
  'capability_bad_output',
  'capability_out_of_memory',
  'capability_crashed',
]);
export type CallErrorCode = z.infer<typeof CallErrorCode>;

export const CallResult = z.union([
  z.strictObject({ output: JsonObject }),
  z.strictObject({ error: z.strictObject({ code: CallErrorCode, message: z.string() }) }),
]);
export type CallResult = z.infer<typeof CallResult>;

/** Milliseconds. Calls wait for resources as long as it takes; one that got no answer for so long is made again. */
const CALL_MS = 3_600_000;

/** What a fabric answers: one for each generation on each cluster, so each has subjects of its own. */
export const fabricOperations = (cluster: ClusterName, generation: number) => operationsAt(`${cluster}.${generation}`);

const operationsAt = (place: string) => {
  const answered = <Request extends z.ZodType, Reply extends z.ZodType>(
    caller: ServiceName,
    name: string,
    request: Request,
    reply: Reply,
    deadlineMs: number,
  ): Operation<Request, Reply> => ({
    subject: `apwa.fabric.${place}.${name}`,
    service: 'fabric',
    callers: [caller],
    request,
    reply,
    deadlineMs,
  });
  const operation = <Request extends z.ZodType>(name: string, request: Request) => answered('executor', name, request, FabricReport, 3_000);
  return {
    /** All that shall be, from now on; the reply is what is. */
    order: operation('order', FabricOrder),
    /** Changes nothing but the lease. */
    look: operation('look', z.strictObject({ epoch: FabricOrder.shape.epoch, leaseMs: milliseconds })),
    /** Members drain for so long at most, and the fabric ends. */
    end: operation('end', z.strictObject({ graceMs: milliseconds })),
    /**
     * Has it know a function. Again changes nothing. Refused: `capability_syntax` if its source can't be compiled, `no_sandbox` if it takes
     * one and no node that is large enough has one. Transient: `sandbox_unknown`.
     */
    define: answered(
      'executor',
      'define',
      z.strictObject({ hash: CapabilityHash, definition: FabricDefinition }),
      z.strictObject({ hash: CapabilityHash }),
      15_000,
    ),
    /**
     * Calls a function, once per row, in order. Answers with the results of the first of the rows, as far as it got in a while: those
     * that are left are to be asked again. Refused if the function can't be called at all: `capability_syntax,
     * capability_missing_package, capability_load_failed, capability_out_of_memory, no_sandbox`. Transient: `unknown_capability` (define it first),
     * `call_cancelled`, `fabric_ending`.
     */
    call: answered(
      'worker-pool',
      'call',
      z.strictObject({
        hash: CapabilityHash,
        /** Chosen by the caller, for `cancel`. */
        call: z.string().min(1).max(100),
        /** The arguments of each, an object, as JSON. */
        rows: z.array(z.string()).min(1).max(1_000),
      }),
      z.strictObject({ results: z.array(CallResult).min(1) }),
      CALL_MS,
    ),
    /** Ends a call, where there is one. `running`: also when it has begun. */
    cancel: answered('worker-pool', 'cancel', z.strictObject({ call: z.string(), running: z.boolean() }), z.strictObject({}), 3_000),
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
