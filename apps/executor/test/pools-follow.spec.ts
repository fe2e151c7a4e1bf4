import { jest } from '@jest/globals';
import { type PoolConfig } from '@apwa/config';
import { executorOperations as operations, type PoolReport, type RunControl } from '@apwa/contracts';
import { createLogger } from '@apwa/service';
import { eventually, leakCheck, type LeakCheck } from '@apwa/test-kit';
import { type z } from 'zod';
import { type Timing } from '../src/settings.js';
import { Crew } from './support/pools/crew.js';
import { MemberFolder } from './support/pools/member-folder.js';
import { World } from './support/world.js';

/** Real: executor, Postgres, NATS, and the members' processes, which do no work: the test speaks for them. */
jest.setTimeout(60_000);

const SLOTS = 10;
const IDLE_MS = 500;

describe('a pool of processes', () => {
  let leaks: LeakCheck;
  let world: World;
  let folder: MemberFolder;
  let crew: Crew;
  let log: Record<string, unknown>[];

  beforeAll(async () => {
    leaks = await leakCheck();
    world = await World.start();
  });
  afterAll(async () => {
    await world.stop();
    await leaks.verify();
  });
  beforeEach(async () => {
    folder = await MemberFolder.create();
    crew = new Crew(world, folder, SLOTS);
    log = [];
  });
  afterEach(async () => {
    await crew.stop();
    await world.stopExecutors();
    await folder.remove();
  });

  const begin = async (pool: Partial<z.input<typeof PoolConfig>> = {}, timing: Partial<Timing> = {}): Promise<void> => {
    await world.newDatabase([{ name: 'default', slots: SLOTS, min: 0, max: 3, idleMs: IDLE_MS, ...pool }]);
    const destination = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
    const logger = createLogger('executor', 'info', { destination });
    await world.executor({ stableMs: 300, ...timing }, { memberCommand: folder.command, log: logger });
    crew.start();
  };
  const members = (count: number) =>
    eventually(() => folder.living().size === count && crew.members.size === count, { what: `${count} members that have joined` });
  const report = async (): Promise<PoolReport> => {
    const { pools } = await world.messaging.request(operations.listPools, {});
    return pools[0] as PoolReport;
  };
  const control = (ownerId: string, version: number, state: RunControl['state']) =>
    world.messaging.request(operations.controlRun, { ownerId, version, state });
  const logged = (msg: RegExp) => log.filter((line) => msg.test(String(line.msg)));

  it('should start the first member for the first shard, say so meanwhile, and let it go when it has nothing to do', async () => {
    await begin();
    crew.joins = false;
    const { id } = await world.submit(5);
    await eventually(async () => (await world.stage(id)).waitingFor === 'waiting for members of pool default to start and join');
    await eventually(() => folder.living().size === 1);
    expect(await report()).toMatchObject({ wanted: 1, members: { starting: 1, running: 0 }, backlog: 5 });
    crew.joins = true;
    await members(1);
    await world.finish(crew.one);
    expect(await world.stage(id)).toMatchObject({ state: 'succeeded', waitingFor: null });
    await members(0);
    expect(folder.drained()).toHaveLength(1);
    await eventually(async () => (await report()).wanted === 0);
    expect(await report()).toMatchObject({ members: { starting: 0, running: 0, draining: 0, restarting: 0 }, backlog: 0, lastEnd: null });
  });

  it('should grow to its most with the backlog, in shards for all of them, and shrink to its least by one at a time', async () => {
    await begin({ min: 1 });
    await members(1);
    const { id, ownerId } = await world.submit(1_000);
    await members(3);
    expect(await report()).toMatchObject({ wanted: 3, min: 1, max: 3, members: { running: 3 }, slots: { total: 30, used: 0 } });
    // The first of three members gets a third of the half, as far as that fills its slots, and not half of all.
    const [largest] = await world.sql<{ rows: number }>('SELECT max(last - first + 1)::int AS rows FROM shards WHERE stage_id = $1', [id]);
    expect(largest?.rows).toBe(160);
    await control(ownerId, 1, 'cancelled');
    await members(1);
    expect(logged(/a pool shrinks/).map(({ members: left }) => left)).toEqual([2, 1]);
    expect(folder.drained()).toHaveLength(2);
    // It is one that is kept.
    await eventually(async () => (await report()).backlog === 0);
    expect(folder.living().size).toBe(1);
  });

  it('should start no more members than a run may keep busy', async () => {
    await begin();
    await world.submit(1_000, { maxInFlight: SLOTS });
    await members(1);
    await crew.one.claim();
    const [held] = await world.sql<{ slots: number }>(`SELECT sum(slots)::int AS slots FROM attempts WHERE state = 'active'`);
    expect(held?.slots).toBe(SLOTS);
    expect(await report()).toMatchObject({ wanted: 1, backlog: 0 });
    // Another run has a limit of its own, and wants a second member.
    await world.submit(1_000, { maxInFlight: 1 });
    await members(2);
    expect(await report()).toMatchObject({ wanted: 2, backlog: 1 });
  });

  it('should let members go that work for a paused run alone, and give what they held to others when it goes on', async () => {
    await begin({ max: 2 });
    const { id, ownerId } = await world.submit(1_000);
    await members(2);
    await Promise.all([...crew.members.values()].map((member) => member.claim()));
    await control(ownerId, 1, 'paused');
    await members(0);
    expect(folder.drained()).toHaveLength(2);
    await control(ownerId, 2, 'active');
    await members(2);
    const [member] = crew.members.values();
    if (member) await world.finish(member);
    expect(await world.stage(id)).toMatchObject({ state: 'succeeded', counts: { ok: 1_000 } });
  });

  it('should keep a member that answers questions, and start one for them', async () => {
    await begin();
    expect(await world.messaging.request(operations.callMember, {})).toEqual({ coming: true });
    await members(1);
    const [instance = ''] = crew.members.keys();
    crew.signs.set(instance, { questions: 1 });
    const answers = async () =>
      (await world.sql<{ questions: number }>(`SELECT questions FROM members WHERE state = 'running'`))[0]?.questions;
    await eventually(async () => (await answers()) === 1);
    const from = performance.now();
    await eventually(() => performance.now() - from > 3 * IDLE_MS);
    expect((await report()).members).toMatchObject({ running: 1, draining: 0 });
    crew.signs.delete(instance);
    await members(0);
  });
  it('should replace a member that takes up too much memory', async () => {
    await begin({ min: 1, max: 1, residentMb: 500 }, { stableMs: 50 });
    await members(1);
    const [[instance = '', large] = []] = crew.members;
    const { id } = await world.submit(100);
    const held = await large?.claim(5);
    crew.signs.set(instance, { residentMb: 501 });
    await eventually(() => folder.drained().includes(instance) && !crew.members.has(instance));
    await members(1);
    expect((await report()).lastEnd?.reason).toBe('it took up 501 MB, more than residentMb allows (500) (exit code 0)');
    await world.finish(crew.one);
    expect(held).toHaveLength(1);
    expect(await world.stage(id)).toMatchObject({ state: 'succeeded', counts: { ok: 100 } });
    expect(logged(/too much memory/)).toHaveLength(1);
  });

  it('should tell a member that is to go so with its heartbeat, and give it nothing more', async () => {
    folder.behave('deaf');
    await begin({ min: 1, max: 1, residentMb: 500 }, { stableMs: 50, drainMs: 3_000 });
    await members(1);
    const [[instance = '', large] = []] = crew.members;
    crew.signs.set(instance, { residentMb: 900 });
    await eventually(() => crew.told.has(instance) && folder.living().size === 2);
    await world.submit(100);
    expect(await large?.claim()).toEqual([]);
    expect(await report()).toMatchObject({ wanted: 1, members: { draining: 1 } });
    // It does not end by itself, whatever it still grows to.
    await members(1);
    expect((await report()).lastEnd?.reason).toContain('(signal SIGKILL)');
    expect([...crew.members.keys()]).not.toContain(instance);
  });

  it('should kill a member that hangs, replace it, and give its shards to others at once', async () => {
    await begin({ min: 2, max: 2 });
    await members(2);
    const { id } = await world.submit(100);
    const [[instance = '', hanging] = [], [, other] = []] = crew.members;
    const held = (await hanging?.claim()) ?? [];
    expect(held.length).toBeGreaterThan(0);
    const pid = folder.living().get(instance) as number;
    process.kill(pid, 'SIGSTOP');
    crew.silent.add(instance);
    await eventually(() => !folder.living().has(instance));
    await members(2);
    await eventually(async () => (await report()).lastEnd?.reason.endsWith('(signal SIGKILL)') ?? false);
    expect((await report()).lastEnd?.reason).toMatch(/^no sign of life for 1\.\d s: its event loop is blocked, or it is cut off/);
    expect(logged(/a member is silent/)).toHaveLength(1);
    if (other) await world.finish(other);
    await eventually(async () => (await world.stage(id)).state === 'succeeded');
    // Nothing is held by anybody: all slots are free again.
    expect(await world.sql(`SELECT 1 FROM attempts WHERE state = 'active'`)).toEqual([]);
    expect(logged(/lost count of its slots/)).toEqual([]);
  });

  it('should kill a member that lives and never joins', async () => {
    crew.joins = false;
    await begin({ min: 1, max: 1 }, { joinMs: 400, restartMs: 100 });
    await eventually(() => folder.living().size === 1);
    await eventually(async () => (await report()).lastEnd !== null);
    expect((await report()).lastEnd?.reason).toMatch(/^it had not joined after \d+ s \(signal SIGKILL\)$/);
    crew.joins = true;
    await members(1);
  });

  it('should tell of members that end at their start, with their last words', async () => {
    folder.behave('broken');
    await begin({ min: 2, max: 2 }, { restartMs: 20, restartMaxMs: 60_000 });
    const loop = await eventually(async () => {
      const { crashLoop } = await report();
      return crashLoop && crashLoop.ends >= 5 ? crashLoop : null;
    });
    expect(loop).toMatchObject({
      reason: 'exit code 3: member of default: there is no model',
      lastLines: expect.arrayContaining(['the very last line']),
    });
  });

  it('should warn once of a member whose event loop is late again and again, and of one that loses slots', async () => {
    await begin({ min: 1, max: 1 });
    await members(1);
    const [instance = ''] = crew.members.keys();
    crew.signs.set(instance, { loopDelayMs: 100 });
    await eventually(() => logged(/event loop of a member is late/).length > 0);
    const { id } = crew.one;
    const wrong = { memberId: id, freeSlots: SLOTS - 3, leasedSlots: 2, state: 'running' as const, attempts: [], questions: 0 };
    await world.messaging.request(operations.heartbeat, { ...wrong, residentMb: 1, loopDelayMs: 100 });
    expect(logged(/lost count of its slots/)).toMatchObject([{ memberId: id, freeSlots: 7, leasedSlots: 2, slotsTotal: 10 }]);
    expect(logged(/event loop of a member is late/)).toHaveLength(1);
  });
});

describe('a pool that somebody else runs', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await world.newDatabase([{ name: 'default', backend: 'external', slots: SLOTS, min: 0, max: 3, residentMb: 500 }]);
    await world.executor();
  });
  afterAll(() => world.stop());

  it('should not be scaled, nor called', async () => {
    // Eight shards, each half of what is left as far as that fills slots.
    await world.submit(1_000);
    expect(await world.messaging.request(operations.callMember, {})).toEqual({ coming: false });
    const { pools } = await world.messaging.request(operations.listPools, {});
    expect(pools).toMatchObject([{ name: 'default', backend: 'external', min: null, max: null, wanted: null, backlog: 8 * SLOTS }]);
  });

  it('should have a member that takes up too much memory drain, and nothing more', async () => {
    const member = await world.member('default', SLOTS);
    await eventually(async () => (await member.heartbeat({ residentMb: 501 })).drain);
    expect(await member.claim()).toEqual([]);
    expect((await world.member('default', SLOTS)).id).not.toBe(member.id);
    const another = await world.member('default', SLOTS);
    expect((await another.heartbeat()).drain).toBe(false);
    expect(await another.claim()).not.toEqual([]);
  });

  it('should leave a silent member to its leases', async () => {
    const member = await world.member('default', SLOTS);
    member.held = [];
    await member.claim();
    await eventually(async () => (await world.sql(`SELECT 1 FROM members WHERE id = $1 AND state = 'failed'`, [member.id])).length === 1);
    await eventually(
      async () => (await world.sql(`SELECT 1 FROM attempts WHERE member_id = $1 AND ended = 'expired'`, [member.id])).length > 0,
    );
  });
});
