import { type Resources } from '@apwa/contracts';
import { type LaunchedMember, type LaunchEvents } from '../pools/launched-member.js';
import { type SlotTiming } from '../pools/member-slot.js';
import { type PoolListener } from '../pools/pool-backend.js';
import { SlotsBackend } from '../pools/slots-backend.js';
import { type RayCluster } from './ray-cluster.js';
import { shortageOf } from './shortage.js';

export interface RayBackendOptions {
  pool: string;
  /** What each member takes of its node. */
  resources: Resources;
  /** What its node must be labelled with. */
  labels: Readonly<Record<string, string>>;
  /** Opened before. */
  cluster: RayCluster;
  times: SlotTiming;
}

/** Until then a member that has no place may only be on its way to one: its process is started there. Milliseconds. */
const PLACING_MS = 5_000;

/** Members on the nodes of a Ray cluster. Of a cluster that outlives this executor, they do so too. */
export class RayBackend extends SlotsBackend {
  constructor(private readonly options: RayBackendOptions) {
    super(options.pool, options.times);
  }

  override async start(listener: PoolListener): Promise<void> {
    await super.start(listener);
    const { cluster, pool } = this.options;
    for (const member of cluster.living(pool)) this.add((events) => cluster.adopt(member, events));
  }

  protected launch(instance: string, events: LaunchEvents): LaunchedMember {
    const { pool, cluster } = this.options;
    return cluster.launch(pool, instance, {
      ended: events.ended,
      placed: () => {
        this.tell({ kind: 'member_started', instance, where: cluster.whereOf(instance) ?? `cluster ${cluster.name}` });
        events.placed();
      },
    });
  }

  override admits(instance: string | null): 'yes' | 'no' | 'not_yet' {
    if (instance !== null && this.owns(instance)) return 'yes';
    return this.options.cluster.opened ? 'no' : 'not_yet';
  }

  override waitingFor(): string {
    const { cluster, resources, labels, pool } = this.options;
    if (cluster.trouble !== null) return `${cluster.trouble}; pool ${pool} waits for it`;
    const placing = this.slots().some(({ state }) => state === 'placing');
    const shortage = placing && cluster.report ? shortageOf(resources, cluster.report, labels) : null;
    return shortage === null ? super.waitingFor() : `waiting for resources: ${shortage}, in pool ${pool}`;
  }

  override someWaitFor(): string | null {
    const { cluster, resources, labels, pool } = this.options;
    const slots = this.slots().filter(({ state }) => state !== 'stopping');
    const waiting = slots.filter((slot) => slot.state === 'placing' && performance.now() - slot.since > PLACING_MS).length;
    const shortage = cluster.report && shortageOf(resources, cluster.report, labels);
    const reason = cluster.trouble ?? (shortage && `resources: ${shortage}`);
    if (waiting === 0 || !reason) return null;
    return `${waiting} of ${slots.length} members of pool ${pool} ${waiting === 1 ? 'waits' : 'wait'} for ${reason}`;
  }

  override async stop(signal?: AbortSignal): Promise<void> {
    if (this.options.cluster.outlivesExecutor) return this.leave();
    await super.stop(signal);
  }
}
