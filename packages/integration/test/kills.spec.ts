import { eventually } from '@apwa/test-kit';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 1_500;
const MEMBERS = 2;
const SLOTS = 16;

/** Real: everything, each service a process that is killed with SIGKILL; the offline model takes its time. */
describe('a run in the middle of which everything dies once', () => {
  let system: System;

  beforeAll(async () => {
    system = await System.start({ members: MEMBERS, slots: SLOTS, offlineModel: { latencyMs: 150, jitterMs: 150 } });
  });
  afterAll(() => system.stop());

  it('should have every row once, at the cost of the calls in flight', async () => {
    const { services } = system.stack;
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    const done = (rows: number) => system.untilDone(run.id, 'mails', rows);

    await done(100);
    const [member] = await system.stack.memberPids();
    process.kill(member as number, 'SIGKILL');
    await eventually(
      async () => (await system.stack.memberPids()).length === MEMBERS && !(await system.stack.memberPids()).includes(member as number),
    );

    await done(300);
    await services.manager.kill();
    await services.manager.restart();

    await done(500);
    await services.executor.kill();
    await services.executor.restart();

    await done(750);
    await services.nats.kill();
    await services.nats.restart();

    await done(1_000);
    await services.postgres.kill();
    await services.postgres.restart();

    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    // One member's calls at its death, both members' at the executor's (its children go with it), and 50 ms of answers each time.
    const { requests } = await system.modelStats();
    expect(requests).toBeGreaterThanOrEqual(ROWS);
    expect(requests).toBeLessThanOrEqual(ROWS + 2 * (SLOTS + MEMBERS * SLOTS));
    // Nothing but the winners' parts is left.
    const [count] = await system.ledger<{ committed: number }>(`SELECT count(*)::int AS committed FROM shards WHERE state = 'committed'`);
    expect(count?.committed).toBeGreaterThan(0);
  });
});
