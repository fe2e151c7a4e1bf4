import { type Amounts, type BudgetQuestion, noAmounts } from '@apwa/contracts';
import { RunAccount } from './run-account.js';

const call = (usd: number, rows = 1): Amounts => ({ usd, tokens: usd * 1_000, rows });

/** An account, and an executor that gives as it is told. */
const setUp = () => {
  const account = new RunAccount('run_1');
  account.opened('a');
  let now = 0;
  const ask = (give: (asked: BudgetQuestion) => Amounts | null = ({ holds, wants }) => add(holds, wants)): BudgetQuestion => {
    now += 200;
    const asked = account.question(now);
    account.answer({ ownerId: 'run_1', sequence: asked.sequence, holds: give(asked) }, 200);
    return asked;
  };
  return { account, ask };
};
const add = (a: Amounts, b: Amounts): Amounts => ({ usd: a.usd + b.usd, tokens: a.tokens + b.tokens, rows: a.rows + b.rows });
const kept = ({ holds }: BudgetQuestion): Amounts => holds;

describe('RunAccount', () => {
  it('should let calls wait until there is enough for them, in their order', async () => {
    const { account, ask } = setUp();
    expect(account.tryReserve('a', call(1))).toBeNull();
    const order: number[] = [];
    const enter = (usd: number) => account.enter('a', () => call(usd)).then((one) => void (one && order.push(usd)));
    const all = [enter(3), enter(1), enter(2)];
    // Not even a small one overtakes those that wait.
    expect(account.tryReserve('a', call(0.1))).toBeNull();
    expect(ask(kept)).toMatchObject({ next: call(3), wants: call(6, 3) });
    ask(() => call(4, 2));
    await Promise.all(all.slice(0, 2));
    expect(order).toEqual([3, 1]);
    ask();
    await Promise.all(all);
    expect(order).toEqual([3, 1, 2]);
    expect(account.reserved).toEqual(call(6, 3));
  });

  it('should count what calls took, and give back what was put aside beyond it', () => {
    const { account, ask } = setUp();
    void account.enter('a', () => call(1));
    ask(() => call(2, 2));
    const second = account.tryReserve('a', call(1));
    if (!second) throw new Error('nothing was put aside');
    account.settle(second, { ...call(0.25), rows: 1 });
    expect(account.spent).toEqual(call(0.25));
    expect(account.tryReserve('a', call(1))).toBeNull();
    account.release({ token: 'a', amounts: call(1) });
    ask(kept);
    // Nothing begins any more: all of it goes back.
    expect(ask(kept)).toMatchObject({ spent: call(0.25), reserved: noAmounts(), holds: call(0.25), wants: noAmounts() });
    expect(account.askAt()).toBe(Infinity);
  });

  it('should tell apart what attempts have spent that are not over', () => {
    const { account, ask } = setUp();
    account.opened('b');
    for (const token of ['a', 'b']) {
      void account.enter(token, () => call(1));
      ask();
      account.settle({ token, amounts: call(1) }, call(1));
    }
    expect(ask(kept)).toMatchObject({ spent: call(2, 2), open: call(2, 2) });
    account.closed('a');
    expect(ask(kept)).toMatchObject({ spent: call(2, 2), open: call(1) });
    // A call that was under way when its attempt ended.
    account.settle({ token: 'a', amounts: noAmounts() }, call(1));
    expect(ask(kept)).toMatchObject({ spent: call(3, 3), open: call(1) });
    account.refundRow('b');
    expect(account.spent.rows).toBe(2);
  });

  it('should tell again what nobody has heard, and not believe an answer to an older question', () => {
    const { account } = setUp();
    void account.enter('a', () => call(1));
    const first = account.question(0);
    account.unanswered();
    account.wakeAll();
    expect(account.askAt()).toBeLessThan(Infinity);
    account.question(200);
    account.answer({ ownerId: 'run_1', sequence: first.sequence, holds: call(5) }, 200);
    expect(account.tryReserve('a', call(1))).toBeNull();
  });

  it('should let go those who wait when they have to look again', async () => {
    const { account } = setUp();
    const waiting = account.enter('a', () => call(1));
    account.wakeAll();
    expect(await waiting).toBeNull();
  });

  it('should not limit a run that has no budget', () => {
    const { account, ask } = setUp();
    void account.enter('a', () => call(1));
    ask(() => null);
    expect(account.tryReserve('a', call(1e6))).not.toBeNull();
    expect(account.askAt()).toBe(Infinity);
  });
  it('should tell at once what somebody wants told, and say when it is', async () => {
    const { account, ask } = setUp();
    await account.told();
    void account.enter('a', () => call(1));
    ask();
    account.settle({ token: 'a', amounts: call(1) }, call(0.5));
    let told = false;
    const telling = account.told().then(() => void (told = true));
    expect(account.askAt()).toBe(250);
    expect(told).toBe(false);
    expect(ask(kept)).toMatchObject({ spent: call(0.5) });
    await telling;
    await account.told();
  });
});
