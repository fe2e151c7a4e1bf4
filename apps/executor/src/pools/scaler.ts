import { type PoolConfig } from '@apwa/config';
import { ApwaError } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { type CrewMember, MembersRepository } from '../members/members.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { CONFIG, type Config, LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { backlogOf } from './backlog.js';
import { BacklogsRepository } from './backlogs.repository.js';
import { IdleClock } from './idle-clock.js';
import { instanceOf, type Slot } from './pool-backend.js';
import { PoolsService } from './pools.service.js';
import { Rounds } from './rounds.js';
import { tooLarge } from './too-large.js';
import { membersFor, wishFor } from './wish.js';

/** Who leaves when a pool shrinks: a member that has nothing to do, or (null) a place whose member does not come up. */
interface Spare {
  readonly member: CrewMember | null;
  readonly idleMs: number;
}

const NOTHING_TO_DO = 'it had nothing to do';

/**
 * Keeps the number of members in step with the work, and members in order: pools grow with their backlog and shrink when idle;
 * members that take up too much memory are replaced, and those that never join are killed.
 */
@Injectable()
export class Scaler {
  readonly #idle = new IdleClock();
  /** For how long members that are alive could have joined and did not, by instance. Milliseconds. */
  readonly #unjoined = new Map<string, number>();
  readonly #rounds: Rounds;
  #lookedAt = 0;
  #calledAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly members: MembersRepository,
    private readonly backlogs: BacklogsRepository,
    private readonly pools: PoolsService,
    private readonly notices: NoticesService,
    private readonly messaging: Messaging,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.#rounds = new Rounds({
      everyMs: times.scaleMs,
      round: () => this.#look(),
      failed: (thrown) => log.warn({ error: ApwaError.from(thrown).toPayload() }, 'a look at the pools was cut short'),
    });
  }

  start(): void {
    this.notices.onWork(() => this.#rounds.soon());
    this.#lookedAt = performance.now();
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** The member has just been given work, however soon it is done. */
  worked(memberId: string): void {
    this.#idle.interrupt(memberId, performance.now());
  }

  /** Questions wait for a member: the first pool whose members are started from here has one, for an idle time at least. */
  callMember(): { coming: boolean } {
    if (!this.#answering()) return { coming: false };
    this.#calledAt = performance.now();
    this.#rounds.soon();
    return { coming: true };
  }

  #answering(): PoolConfig | undefined {
    return this.config.pools.find(({ backend }) => backend !== 'external');
  }

  async #look(): Promise<void> {
    const following = this.config.pools.filter(({ backend, min, max }) => backend !== 'external' && min < max);
    const { crew, backlog } = await this.database.read(async (queries) => ({
      crew: await this.members.crew(queries),
      backlog: backlogOf(following.length > 0 ? await this.backlogs.ofRuns(queries, following) : []),
    }));
    const now = performance.now();
    await this.#endUnjoined(crew, now);
    for (const pool of this.config.pools) {
      const own = crew.filter((member) => member.pool === pool.name);
      if (pool.residentMb !== undefined) await this.#relieve(own, pool.residentMb);
    }
    const surplus: string[] = [];
    for (const pool of following) {
      const own = crew.filter((member) => member.pool === pool.name);
      const called = pool === this.#answering() && now - this.#calledAt < pool.idleMs ? 1 : 0;
      const wanted = called + own.reduce((sum, { held, slotsTotal }) => sum + Math.min(held, slotsTotal), backlog.get(pool.name) ?? 0);
      const places = this.pools.slots(pool.name).filter(({ state }) => state !== 'stopping');
      if (membersFor(wanted, pool) < places.length) surplus.push(pool.name);
      await this.#follow(pool, wanted, places, own, now);
    }
    this.#idle.look([...surplus, ...crew.filter(isIdle).map(({ id }) => id)], now);
  }

  async #follow(pool: PoolConfig, wanted: number, places: readonly Slot[], crew: readonly CrewMember[], now: number): Promise<void> {
    const instances = new Set(places.map(instanceOf));
    const there = crew.filter(
      ({ state, leaving, instance }) => state === 'running' && leaving === null && instance !== null && instances.has(instance),
    );
    const spare = this.#spare(pool, places, there, now);
    const demand = { wanted, there: there.length, starting: places.length - there.length, idleMs: spare?.idleMs ?? null };
    const wish = wishFor(demand, pool);
    if (wish === places.length) return;
    if (wish > places.length) {
      this.log.info({ pool: pool.name, members: wish, before: places.length, slotsWanted: wanted }, 'a pool grows with its backlog');
      return this.pools.scale(pool.name, wish);
    }
    const member = spare?.member ?? null;
    if (member && !(await this.database.transaction((queries) => this.members.letGoIdle(queries, member, NOTHING_TO_DO)))) return;
    this.log.info({ pool: pool.name, members: wish, before: places.length, memberId: member?.id }, 'a pool shrinks');
    await this.pools.scale(pool.name, wish, member?.instance ? [member.instance] : []);
  }

  #spare({ name }: PoolConfig, places: readonly Slot[], there: readonly CrewMember[], now: number): Spare | null {
    const surplusMs = this.#idle.of(name, now);
    if (surplusMs !== null && places.some(({ state }) => state === 'backing_off')) return { member: null, idleMs: surplusMs };
    const idle = there.flatMap((member) => {
      const idleMs = this.#idle.of(member.id, now);
      return idleMs === null || !isIdle(member) ? [] : [{ member, idleMs }];
    });
    return idle.reduce<Spare | null>((longest, one) => (longest && longest.idleMs >= one.idleMs ? longest : one), null);
  }

  async #relieve(crew: readonly CrewMember[], limitMb: number): Promise<void> {
    for (const { id, pool, instance, residentMb } of tooLarge(crew, limitMb)) {
      const why = `it took up ${Math.round(residentMb)} MB, more than residentMb allows (${limitMb})`;
      if (!(await this.database.transaction((queries) => this.members.letGo(queries, id, why)))) continue;
      this.log.warn(
        { memberId: id, pool, residentMb, limitMb },
        'a member takes up too much memory: it drains, and another takes its place',
      );
      if (instance !== null) await this.pools.replace(instance, why);
    }
  }

  /** Counts only the time in which a member could have joined: NATS and Postgres were there. */
  async #endUnjoined(crew: readonly CrewMember[], now: number): Promise<void> {
    const passed = Math.min(now - this.#lookedAt, 2 * this.times.scaleMs);
    this.#lookedAt = now;
    const joined = new Set(crew.map(({ instance }) => instance));
    // One that waits for a place can't join, and another in its stead would wait as long.
    const places = this.config.pools
      .flatMap(({ name }) => this.pools.slots(name))
      .filter(({ state }) => state !== 'stopping' && state !== 'placing');
    const waiting = places.map(instanceOf).filter((instance): instance is string => instance !== null && !joined.has(instance));
    for (const instance of this.#unjoined.keys()) if (!waiting.includes(instance)) this.#unjoined.delete(instance);
    if (!this.messaging.connected) return;
    for (const instance of waiting) {
      const waited = (this.#unjoined.get(instance) ?? 0) + passed;
      this.#unjoined.set(instance, waited);
      if (waited >= this.times.joinMs) await this.pools.kill(instance, `it had not joined after ${Math.round(waited / 1_000)} s`);
    }
  }
}

const isIdle = ({ state, leaving, held, questions }: CrewMember): boolean =>
  state === 'running' && leaving === null && held === 0 && questions === 0;
