import { executorOperations } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type z } from 'zod';
import { type System } from './system.js';

type Heartbeat = z.output<typeof executorOperations.heartbeat.request>;

/** Reads every heartbeat along, to hold what members say of their slots against the ledger (HAZARDS K11). */
export class SlotWatch {
  readonly heartbeats: Heartbeat[] = [];

  private constructor(
    private readonly system: System,
    private readonly messaging: Messaging,
  ) {}

  static async start(system: System): Promise<SlotWatch> {
    const messaging = await Messaging.connect({ url: system.stack.services.nats.url }, { name: 'slot watch' });
    const watch = new SlotWatch(system, messaging);
    messaging.connection.subscribe(executorOperations.heartbeat.subject, {
      callback: (_error, message) => {
        const { data } = message.json<{ data: unknown }>();
        watch.heartbeats.push(executorOperations.heartbeat.request.parse(data));
      },
    });
    return watch;
  }

  /**
   * Of each member leased and free slots always were all that it has; none were leased where the ledger had given it nothing; and when
   * nothing is left to do, all is free on both sides.
   */
  async verify(): Promise<void> {
    const members = await this.system.ledger<{ id: string; total: number }>('SELECT id, slots_total AS total FROM members');
    const totals = new Map(members.map(({ id, total }) => [id, total]));
    expect(this.heartbeats.length).toBeGreaterThan(0);
    const leaks = this.heartbeats.filter(({ memberId, leasedSlots, freeSlots }) => leasedSlots + freeSlots !== totals.get(memberId));
    expect(leaks).toEqual([]);

    const given = new Set((await this.system.ledger<{ token: string }>('SELECT token FROM attempts')).map(({ token }) => token));
    const ungiven = this.heartbeats.filter(
      ({ leasedSlots, attempts }) => leasedSlots > 0 && !attempts.some(({ token }) => given.has(token)),
    );
    expect(ungiven).toEqual([]);

    expect(await this.system.ledger(`SELECT token FROM attempts WHERE state = 'active'`)).toEqual([]);
    const present = await this.system.stack.members();
    expect(present.filter(({ slots }) => slots.free !== slots.total)).toEqual([]);
  }

  stop(): Promise<void> {
    return this.messaging.close();
  }
}
