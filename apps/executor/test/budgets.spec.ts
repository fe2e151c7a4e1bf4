import {
  type Amounts,
  type Assignment,
  type BudgetQuestion,
  type BudgetTerms,
  executorOperations as operations,
  newId,
  noAmounts,
} from '@apwa/contracts';
import { JournalWriter } from '@apwa/messaging';
import { answeredRow, eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { type TestMember, World } from './support/world.js';

jest.setTimeout(60_000);

const usd = (amount: number): Amounts => ({ ...noAmounts(), usd: amount });
const terms = (of: Partial<BudgetTerms> = {}): BudgetTerms => ({
  version: 1,
  usd: 10,
  tokens: null,
  rows: null,
  planning: noAmounts(),
  ...of,
});

/** Real: executor, Postgres, NATS with its journal, storage. The test speaks for manager and members. */
describe('budgets', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
    // Members of the test tell of themselves only now and then.
    world.config.executor.leaseMs = 60_000;
  });
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  let sequence = 0;
  const ask = async ({ id }: Pick<TestMember, 'id'>, ownerId: string, of: Partial<BudgetQuestion> = {}): Promise<number | null> => {
    const question = {
      ownerId,
      sequence: ++sequence,
      spent: noAmounts(),
      open: noAmounts(),
      reserved: noAmounts(),
      holds: noAmounts(),
      wants: noAmounts(),
      next: null,
      ...of,
    };
    const reply = await world.messaging.request(operations.permits, { memberId: id, epoch: 0, endpoints: [], budgets: [question] });
    return reply.budgets[0]?.holds?.usd ?? null;
  };
  const pausedBy = async (stageId: string) => (await world.stage(stageId)).pausedBy ?? null;

  it('should say what members hold and have spent, and leave runs without a budget alone', async () => {
    await world.executor();
    const { id, ownerId } = await world.submit(50, { budget: terms({ planning: usd(1) }) });
    const [a, b] = [await world.member(), await world.member()];
    expect((await a.claim())[0]).toMatchObject({ budgeted: true });
    expect(await ask(a, ownerId, { wants: usd(4), next: usd(1) })).toBe(4);
    expect(await ask(b, ownerId, { wants: usd(100), next: usd(1) })).toBeCloseTo(5 / 4);
    expect(await ask(a, ownerId, { spent: usd(2), holds: usd(2.5), reserved: usd(0.5) })).toBe(2.5);
    expect((await world.stage(id)).spending).toEqual({ spent: usd(2), reserved: usd(0.5 + 5 / 4) });
    // One that was overtaken changes nothing.
    expect(await ask(a, ownerId, { sequence: 1, holds: noAmounts(), wants: usd(5) })).toBe(2.5);

    const free = await world.submit(50);
    expect((await b.claim()).at(-1)).toBeDefined();
    expect(await ask(b, free.ownerId, { wants: usd(100) })).toBeNull();
    expect(await world.stage(free.id)).not.toHaveProperty('spending');
  });

  it('should never be given twice by two executors at once, or by one after the other (H14)', async () => {
    await world.executor();
    const { ownerId } = await world.submit(50, { budget: terms() });
    let given = 0;
    const take = async () => {
      const held = await ask({ id: newId('member') }, ownerId, { wants: usd(0.05), next: usd(0.05) }).catch(() => null);
      given += held ?? 0;
    };
    while (given < 3) await take();
    await world.executor();
    // Questions go to either of them.
    while (given < 6) await take();
    await world.stopExecutors();
    await world.executor();
    for (let n = 0; n < 200; n++) await take();
    expect(given).toBeCloseTo(10, 6);
    const [row] = await world.sql<{ held: number }>('SELECT sum(holds_usd) AS held FROM budget_leases WHERE owner_id = $1', [ownerId]);
    expect(row?.held).toBeCloseTo(10, 6);
  });

  it('should pause a run when nothing is left that anybody could give back, until it is raised', async () => {
    await world.executor();
    const { id, ownerId } = await world.submit(50, { budget: terms() });
    const [a, b] = [await world.member(), await world.member()];
    await ask(a, ownerId, { wants: usd(5), next: usd(1) });
    await ask(b, ownerId, { spent: usd(6), holds: usd(6), wants: usd(1), next: usd(1) });
    // The other one may give back.
    expect(await pausedBy(id)).toBeNull();
    await ask(a, ownerId, { spent: usd(3.5), holds: usd(3.5) });
    await ask(b, ownerId, { spent: usd(6), holds: usd(6), wants: usd(1), next: usd(1) });
    const message = `the budget of $10.00 is used up ($9.50 spent, the next call may cost $1.00); raise it with apwa runs resume ${ownerId} --budget USD`;
    expect(await pausedBy(id)).toEqual({ kind: 'budget', message, controlVersion: 0 });
    expect(await a.claim()).toEqual([]);

    await world.messaging.request(operations.controlRun, { ownerId, version: 1, state: 'active', budget: terms({ version: 2, usd: 20 }) });
    expect(await pausedBy(id)).toBeNull();
    expect(await ask(b, ownerId, { spent: usd(6), holds: usd(6), wants: usd(1), next: usd(1) })).toBe(7);
    // A submission of before the raise comes late.
    await world.submit(50, { ownerId, budget: terms() });
    expect(await ask(b, ownerId, { spent: usd(6), holds: usd(6), wants: usd(1), next: usd(1) })).toBe(7);
    await world.messaging.request(operations.controlRun, { ownerId, version: 2, state: 'paused' });
    expect(await ask(b, ownerId, { spent: usd(6), holds: usd(6), wants: usd(1), next: usd(1) })).toBe(6);
  });

  it('should count what a member holds that is gone as spent until its journal says otherwise, and then give it back', async () => {
    await world.executor();
    const { id, ownerId } = await world.submit(50, { budget: terms() });
    const [a, b] = [await world.member(), await world.member()];
    const [assignment] = await a.claim();
    if (!assignment) throw new Error('nothing was claimed');
    expect(await ask(a, ownerId, { wants: usd(5), next: usd(1) })).toBe(5);
    await ask(a, ownerId, { spent: usd(1), open: usd(0.4), reserved: usd(0.3), holds: usd(5) });
    // Some calls ended after that, and nobody was told but the journal.
    await journal(assignment, [0.3, 0.4]);
    expect(await ask(b, ownerId, { wants: usd(9), next: usd(6) })).toBe(0);
    expect(await pausedBy(id)).toBeNull();
    await a.heartbeat({ state: 'stopped', attempts: [] });
    const spent = 1 - 0.4 + 0.7 + 0.3;
    const { version } = await world.stage(id);
    await eventually(async () => (await world.stage(id)).spending?.reserved.usd === 0);
    const settled = await world.stage(id);
    expect(settled.spending?.spent.usd).toBeCloseTo(spent, 6);
    // Who asks for what has changed is told.
    expect(settled.version).toBeGreaterThan(version);
    expect(await ask(b, ownerId, { wants: usd(9), next: usd(6) })).toBe(6);
  });

  const journal = ({ token, journal: place }: Assignment, costs: number[]) => {
    const rows = costs.map((costUsd, row) => answeredRow(row, { model: 'small', costUsd }));
    return new JournalWriter(world.messaging).publish(place, { token, sequence: 0, rows });
  };
});
