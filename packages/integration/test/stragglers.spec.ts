import { type Run } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel, type ExternalMember } from '@apwa/test-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { apwa } from './support/command.js';
import { callerOf } from './support/callers.js';
import { externalPool, startMember } from './support/external-member.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 300;
const SLOTS = 16;
/** Ten minutes: neither a lease that runs out nor a call that takes too long ends a stage here. */
const LONG_MS = 600_000;
/** A stage must be over long before them. */
const PATIENCE_MS = 90_000;

/** Real: everything but the model, whose server the test runs. */
describe('a shard that lags behind its stage', () => {
  let system: System;
  let model: ScriptedModel;
  const members: ExternalMember[] = [];
  const calls = new Map<number, number>();
  const repeated = () => [...calls.values()].reduce((sum, n) => sum + n - 1, 0);
  const rowOf = (content: unknown): number => Number(/from user(\d+)@/.exec(String(content))?.[1]);
  /** What the server does with a call before it answers. */
  let before: (row: number, remotePort: number) => Promise<void>;

  const start = async (): Promise<void> => {
    calls.clear();
    model = await scriptedModel();
    model.otherwise(async ({ messages }, { remotePort }) => {
      const row = rowOf(messages.at(-1)?.content);
      calls.set(row, (calls.get(row) ?? 0) + 1);
      await before(row, remotePort);
      return { content: { email: `user${row}@example.com` } };
    });
    system = await System.start({
      config: {
        model: 'scripted',
        models: { scripted: { baseUrl: model.url, name: 'scripted', timeoutMs: LONG_MS } },
        executor: { leaseMs: LONG_MS, heartbeatMs: 300 },
        ...externalPool(SLOTS),
      },
    });
    members.push(await startMember(system), await startMember(system));
  };
  afterEach(async () => {
    await Promise.all(members.splice(0).map((one) => one.stop()));
    await system.stop();
    await model.close();
  });

  const expectEnd = async (id: string): Promise<Run> => {
    const ended = await system.wait(id, PATIENCE_MS);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    return ended;
  };

  it('should be finished by another member when its own stands still, at the cost of the rows that were not journaled', async () => {
    before = () => sleep(100);
    await start();
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    await system.untilDone(run.id, 'mails', 20);
    const [stopped] = members as [ExternalMember];
    await stopped.process.kill('SIGSTOP');
    // The stage's end, not the run's: the manager may be asking the stopped member something by now.
    const done = () => system.ledger(`SELECT 1 FROM stages WHERE kind = 'map' AND state = 'succeeded'`);
    await eventually(async () => (await done()).length > 0, { timeoutMs: PATIENCE_MS, what: 'the stage to end' });
    const [copies] = await system.ledger<{ number: number }>(`SELECT count(*)::int AS number FROM attempts WHERE second AND state = 'won'`);
    expect(copies?.number).toBeGreaterThan(0);
    // What it had in flight, and answers of the last 50 ms: at 100 ms a call, those of one more round at most.
    expect(repeated()).toBeLessThanOrEqual(2 * SLOTS);
    // It wakes, hears that it has lost everything, and takes work again.
    await stopped.process.kill('SIGCONT');
    const ended = await expectEnd(run.id);
    expect(ended.steps[0]?.copies.attempts).toBe(copies?.number);
    await eventually(async () => (await system.stack.members()).every(({ slots }) => slots.free === SLOTS), { timeoutMs: 20_000 });
    expect(repeated()).toBeLessThanOrEqual(3 * SLOTS);
  });

  it('should not wait for a call that is never answered: another member asks that row alone again', async () => {
    const never = Promise.withResolvers<void>();
    let hanging: number | null = null;
    before = async (row) => {
      await sleep(50);
      // Of a row in the middle, so that its member has begun well; the first time it is asked.
      if (row === 123 && calls.get(row) === 1) {
        hanging = row;
        await never.promise;
      }
    };
    await start();
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    try {
      const ended = await expectEnd(run.id);
      expect(hanging).toBe(123);
      expect([...calls].filter(([, n]) => n > 1)).toEqual([[123, 2]]);
      expect(ended.steps[0]).toMatchObject({ counts: { ok: ROWS, calls: ROWS }, copies: { attempts: 1, calls: 1 } });
      // The holder that lost has heard it: its call is aborted, and its slots are free.
      await eventually(async () => model.inFlight === 0 && (await system.stack.members()).every(({ slots }) => slots.free === SLOTS));
      const { out } = await apwa(['runs', 'show', run.id], { cwd: system.stack.dir, url: system.stack.url });
      expect(out).toContain('mails: 1 slow shard run twice (1 call)');
    } finally {
      never.resolve();
    }
  });

  it('should be asked again by one member alone when all its calls hang', async () => {
    const never = Promise.withResolvers<void>();
    let victim: number | null = null;
    before = async (row, remotePort) => {
      await sleep(50);
      const pids = members.map(({ process: { pid } }) => pid);
      const caller = await callerOf(remotePort, pids);
      // Whoever calls the hundredth row is not answered any more.
      if (row === 100 && calls.get(row) === 1) victim = caller;
      if (victim !== null && caller === victim) await never.promise;
    };
    await start();
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    try {
      const ended = await expectEnd(run.id);
      expect(victim).not.toBeNull();
      // Its slots' worth of calls, and answers of the last 50 ms.
      expect(repeated()).toBeLessThanOrEqual(2 * SLOTS);
      expect(ended.steps[0]?.copies.attempts).toBeGreaterThan(0);
    } finally {
      never.resolve();
    }
  });
});
