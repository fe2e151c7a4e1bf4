import { fileURLToPath } from 'node:url';
import { type PoolReport } from '@apwa/contracts';
import { eventually, isAlive } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { SlotWatch } from './support/slot-watch.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const MEMBER = [
  process.execPath,
  '--enable-source-maps',
  '--import',
  new URL('support/weak-member.mjs', import.meta.url).href,
  path('../../../apps/worker-pool/dist/main.js'),
];

const poolOf = async (system: System): Promise<PoolReport> => (await system.client.pools.list()).pools[0] as PoolReport;
const pids = (system: System) => system.stack.memberPids();

/** Real: everything; the offline model takes its time. */
describe('a pool from nobody to three', () => {
  const ROWS = 600;
  let system: System;
  let watch: SlotWatch;

  beforeAll(async () => {
    const pool = { name: 'default', backend: 'processes', slots: 4, min: 0, max: 3, idleMs: 2_000 };
    system = await System.start({ offlineModel: { latencyMs: 300 }, config: { pools: [pool] } });
    watch = await SlotWatch.start(system);
  });
  afterAll(async () => {
    await watch.stop();
    await system.stop();
  });
  const nobody = () => eventually(async () => (await pids(system)).length === 0, { timeoutMs: 60_000, what: 'the last member to go' });

  it('should come up with the first shard, be at its most while there is work, and be gone afterwards', async () => {
    expect(await pids(system)).toEqual([]);
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    await eventually(async () => (await poolOf(system)).members.running === 3, { timeoutMs: 60_000, what: 'three members' });
    expect((await pids(system)).length).toBe(3);
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    await nobody();
    expect(await poolOf(system)).toMatchObject({ wanted: 0, backlog: 0, slots: { total: 0, used: 0 }, lastEnd: null });
    await watch.verify();
    // Nobody was sent away with a call under way.
    expect((await system.modelStats()).requests).toBe(ROWS);
    // The export brings a member up again.
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
  });

  it('should have somebody who answers questions about tables, and show itself in a terminal', async () => {
    await nobody();
    const [table] = (await system.client.tables.list()).tables;
    const { rows } = await system.client.tables.head(table?.id as string, 3);
    expect(rows).toHaveLength(3);
    const { code, out } = await apwa(['pools'], { cwd: system.stack.dir, url: system.stack.url });
    expect(code).toBe(0);
    expect(out).toMatch(
      /^POOL +BACKEND +MEMBERS +WANTED +RANGE +SLOTS USED +BACKLOG +MEMORY\ndefault +processes +1 running +1 +0–3 +0 of 4 +0 +\d+ MB\n$/,
    );
  });
});

/** Real: everything. Members have a weakness: at a signal they stand still, or take up memory. */
describe('a member that is in no order', () => {
  const ROWS = 400;
  const SLOTS = 8;
  const LIMIT_MB = 450;
  let system: System;
  let watch: SlotWatch;

  beforeAll(async () => {
    const pool = { name: 'default', backend: 'processes', slots: SLOTS, min: 2, max: 2, residentMb: LIMIT_MB };
    system = await System.start({
      offlineModel: { latencyMs: 250 },
      config: { pools: [pool], executor: { leaseMs: 5_000, heartbeatMs: 500 } },
      memberCommand: MEMBER,
    });
    watch = await SlotWatch.start(system);
  });
  afterAll(async () => {
    await watch.stop();
    await system.stop();
  });

  /** Does something to a member in the middle of a run; answers the calls that were made beyond one for each row. */
  const amid = async (what: (pid: number) => void): Promise<number> => {
    await system.stack.whenStaffed();
    const { requests: before } = await system.modelStats();
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    await system.untilDone(run.id, 'mails', 50);
    const [pid] = await pids(system);
    // A signal to process 0 would be one to all of us.
    if (pid === undefined) throw new Error('there is no member');
    what(pid);
    await eventually(async () => !isAlive(pid) && (await pids(system)).length === 2, { timeoutMs: 60_000, what: 'another member' });
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    await eventually(async () => (await poolOf(system)).slots.used === 0);
    await watch.verify();
    return (await system.modelStats()).requests - before - ROWS;
  };

  it.each([
    ['is stopped', 'SIGSTOP'],
    ['has an event loop that stands still', 'SIGHUP'],
  ] as const)('should be killed when it %s for longer than its lease, and cost its calls in flight', async (_what, signal) => {
    const extra = await amid((pid) => process.kill(pid, signal));
    expect((await poolOf(system)).lastEnd?.reason).toMatch(/^no sign of life for \d+\.\d s: .* \(signal SIGKILL\)$/);
    // Those in flight, and those whose answers were not journaled yet.
    expect(extra).toBeLessThanOrEqual(2 * SLOTS);
  });

  it('should be drained and replaced when it takes up too much memory, and cost nothing', async () => {
    const extra = await amid((pid) => process.kill(pid, 'SIGUSR2'));
    expect((await poolOf(system)).lastEnd?.reason).toMatch(/^it took up \d+ MB, more than residentMb allows \(450\) \(exit code 0\)$/);
    expect(extra).toBe(0);
    expect((await poolOf(system)).largestMb).toBeLessThan(LIMIT_MB);
  });
});
