import { addAmounts, type Amounts, type BudgetQuestion, type BudgetTerms, noAmounts } from '@apwa/contracts';
import { type Account, answer, type Lease, noLease, reservedAfter, settlement, usedUpMessage } from './account.js';

const usd = (amount: number): Amounts => ({ usd: amount, tokens: 0, rows: 0 });
const terms = (limits: Partial<BudgetTerms>): BudgetTerms => ({
  version: 1,
  usd: null,
  tokens: null,
  rows: null,
  planning: noAmounts(),
  ...limits,
});
const account = (limits: Partial<BudgetTerms>, others: Partial<Account['others']> = {}, active = true): Account => ({
  terms: terms(limits),
  others: { holds: noAmounts(), loose: noAmounts(), askers: 0, ...others },
  active,
});
const question = (of: Partial<BudgetQuestion>): BudgetQuestion => ({
  ownerId: 'run_1',
  sequence: 1,
  spent: noAmounts(),
  open: noAmounts(),
  reserved: noAmounts(),
  holds: noAmounts(),
  wants: noAmounts(),
  next: null,
  ...of,
});

describe('answer', () => {
  it('should give what is wanted where nothing is limited', () => {
    const wants = { usd: 3, tokens: 900, rows: 7 };
    expect(answer(account({}), question({ wants }))).toEqual({ holds: wants, usedUp: null });
  });

  it('should give less the less there is, and the more ask, but never less than the first call needs', () => {
    const asked = question({ wants: usd(100), next: usd(1) });
    expect(answer(account({ usd: 80 }), asked).holds.usd).toBe(40);
    expect(answer(account({ usd: 80 }, { askers: 3 }), asked).holds.usd).toBe(10);
    expect(answer(account({ usd: 8 }, { askers: 9 }), asked).holds.usd).toBe(1);
  });

  it('should give of all kinds the share of the scarcest', () => {
    const wants = { usd: 10, tokens: 1_000, rows: 10 };
    expect(answer(account({ usd: 100, tokens: 200 }), question({ wants })).holds).toEqual({ usd: 1, tokens: 100, rows: 1 });
  });

  it('should count what planning has taken', () => {
    const holds = answer(account({ usd: 10, planning: usd(9.5) }), question({ wants: usd(5), next: usd(0.6) })).holds;
    expect(holds).toEqual(noAmounts());
  });

  it('should take back what a member gives back, and write down what it has spent too much', () => {
    expect(answer(account({ usd: 10 }), question({ spent: usd(2), reserved: usd(1), holds: usd(3.5) })).holds).toEqual(usd(3.5));
    expect(answer(account({ usd: 10 }), question({ spent: usd(4), reserved: usd(1), holds: usd(3.5) })).holds).toEqual(usd(5));
  });

  it.each<[string, Account, BudgetQuestion, 'usd' | 'tokens' | null]>([
    ['nothing is left, and nobody has any', account({ usd: 10 }, { holds: usd(9.5) }), question({ next: usd(1), wants: usd(1) }), 'usd'],
    [
      'another member may give back',
      account({ usd: 10 }, { holds: usd(9.5), loose: usd(0.1) }),
      question({ next: usd(1), wants: usd(1) }),
      null,
    ],
    [
      'its own calls are under way',
      account({ usd: 10 }),
      question({ spent: usd(9), reserved: usd(0.5), holds: usd(9.5), next: usd(1) }),
      null,
    ],
    ['nobody waits', account({ usd: 10 }, { holds: usd(10) }), question({}), null],
    ['the run is paused', account({ usd: 10 }, { holds: usd(10) }, false), question({ next: usd(1), wants: usd(1) }), null],
    ['tokens are used up and money is not', account({ usd: 10, tokens: 5 }), question({ next: { usd: 1, tokens: 9, rows: 1 } }), 'tokens'],
    ['it was spent too much', account({ usd: 10 }), question({ spent: usd(10.05), holds: usd(10.05), next: usd(1) }), 'usd'],
  ])('should say whether a budget is used up: %s', (_, found, asked, usedUp) => expect(answer(found, asked).usedUp).toBe(usedUp));

  it('should say what was spent, and how it goes on', () => {
    expect(
      usedUpMessage(
        'run_1',
        'usd',
        account({ usd: 2, planning: usd(0.5) }, { holds: usd(1) }),
        question({ spent: usd(0.49), next: usd(0.02) }),
      ),
    ).toBe(
      'the budget of $2.00 is used up ($1.99 spent, the next call may cost $0.020); raise it with apwa runs resume run_1 --budget USD',
    );
  });
});

describe('reservedAfter', () => {
  const asked = { spent: usd(1), reserved: usd(2), holds: usd(3) };

  it('should be what was told where nobody waits', () => expect(reservedAfter(question(asked), usd(9))).toEqual(usd(2)));
  it('should be all that was given where somebody does', () =>
    expect(reservedAfter(question({ ...asked, next: usd(1) }), usd(9))).toEqual(usd(8)));
});

describe('settlement', () => {
  const lease = (of: Partial<Lease>): Lease => ({ ...noLease(), ...of });

  it.each<[string, Lease, Amounts, number]>([
    ['what was told, and the calls under way', lease({ holds: usd(9), spent: usd(4), open: usd(1), reserved: usd(2) }), usd(1), 6],
    ['what was journaled since', lease({ holds: usd(9), spent: usd(4), open: usd(1), reserved: usd(2) }), usd(2.5), 7.5],
    ['what it held at most', lease({ holds: usd(5), spent: usd(4), open: usd(1), reserved: usd(2) }), usd(2.5), 5],
    ['what it had spent too much', lease({ holds: usd(5), spent: usd(6), open: usd(1) }), usd(1), 6],
  ])('should be %s', (_, held, journaled, spent) => expect(settlement(held, journaled).usd).toBeCloseTo(spent));
});

/** A member as far as a budget is concerned: it begins calls while it holds enough, and asks every 200 ms. */
class Member {
  spent = 0;
  #holds = 0;
  #calls: { reserved: number; takes: number; endsAt: number }[] = [];
  #sequence = 0;

  constructor(
    readonly slots: number,
    private readonly random: () => number,
  ) {}

  get reserved(): number {
    return this.#calls.reduce((sum, { reserved }) => sum + reserved, 0);
  }

  /** Money that its calls take, those under way as well. */
  get billed(): number {
    return this.spent + this.#calls.reduce((sum, { takes }) => sum + takes, 0);
  }

  tick(now: number, estimate: number): void {
    for (const call of this.#calls.filter(({ endsAt }) => endsAt <= now)) this.spent += call.takes;
    this.#calls = this.#calls.filter(({ endsAt }) => endsAt > now);
    while (this.#calls.length < this.slots && this.spent + this.reserved + estimate <= this.#holds + 1e-12)
      this.#calls.push({ reserved: estimate, takes: estimate * (0.2 + 1.2 * this.random() ** 2), endsAt: now + 100 + 900 * this.random() });
  }

  question(estimate: number): BudgetQuestion {
    const used = this.spent + this.reserved;
    const waits = this.#calls.length < this.slots;
    const ahead = waits ? (this.slots - this.#calls.length) * estimate : this.slots * estimate * 0.5;
    this.#holds = waits ? used : Math.min(this.#holds, used + ahead);
    const wants = usd(Math.max(0, used + ahead - this.#holds));
    return question({
      sequence: ++this.#sequence,
      spent: usd(this.spent),
      open: usd(this.spent),
      reserved: usd(this.reserved),
      holds: usd(this.#holds),
      wants,
      next: waits ? usd(estimate) : null,
    });
  }

  answered({ holds }: { holds: Amounts }): void {
    this.#holds = holds.usd;
  }
}

/** Numbers from 0 to 1 that are the same in every run. */
const randoms = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};

describe('many members under a budget', () => {
  const CALL = 0.01;

  /** Runs until the budget is used up; what was billed, what is booked, and after how long. */
  const play = (limit: number, count: number, slots: number, { deaths = 0, seed = 1 } = {}) => {
    const random = randoms(seed);
    let members = Array.from({ length: count }, () => new Member(slots, random));
    const leases = new Map<Member, Lease & { dead?: boolean }>();
    let billedByDead = 0;
    for (let now = 0; now < 3_600_000; now += 20) {
      for (const member of members) member.tick(now, CALL);
      if (deaths > 0 && now > 0 && now % 3_000 === 0) {
        deaths--;
        const [victim, ...rest] = members;
        if (!victim) throw new Error('nobody is left');
        billedByDead += victim.billed;
        members = [...rest, new Member(slots, random)];
        // Its journal is read a while later, and tells all that has ended.
        const held = leases.get(victim);
        if (held) leases.set(victim, { ...held, dead: true, open: usd(victim.spent) });
      }
      for (const [member, { dead, ...lease }] of leases)
        if (dead && now % 3_000 === 2_000) {
          const spent = settlement(lease, usd(member.spent));
          leases.set(member, { ...noLease(), holds: spent, spent });
        }
      if (now % 200 !== 0) continue;
      for (const member of members) {
        const others = [...leases].filter(([one]) => one !== member).map(([, lease]) => lease);
        const holds = others.reduce((sum, lease) => addAmounts(sum, lease.holds), noAmounts());
        const loose = usd(others.reduce((sum, lease) => sum + lease.holds.usd - lease.spent.usd, 0));
        const asked = member.question(CALL);
        const verdict = answer(account({ usd: limit }, { holds, loose, askers: members.length - 1 }), asked);
        leases.set(member, { ...noLease(), ...asked, reserved: reservedAfter(asked, verdict.holds), holds: verdict.holds });
        if (verdict.usedUp !== null) {
          const billed = billedByDead + members.reduce((sum, one) => sum + one.billed, 0);
          return { billed, booked: [...leases.values()].reduce((sum, lease) => sum + lease.holds.usd, 0), now };
        }
        member.answered(verdict);
      }
    }
    throw new Error('the budget was not used up');
  };

  it.each([
    [10, 1, 64],
    [10, 8, 64],
    [10, 40, 32],
    [100, 40, 64],
    [2, 20, 10],
  ])('should spend $%d to the last call and not more, with %d members of %d slots', (limit, count, slots) => {
    for (const seed of [1, 2, 3]) {
      const { billed } = play(limit, count, slots, { seed });
      expect(billed).toBeLessThanOrEqual(limit * 1.01);
      expect(billed).toBeGreaterThanOrEqual(limit - 2 * CALL);
    }
  });

  it('should go on when members die again and again, with their calls under way counted as made', () => {
    for (const seed of [1, 2, 3]) {
      const { billed, booked } = play(100, 10, 16, { deaths: 6, seed });
      expect(billed).toBeLessThanOrEqual(100 * 1.01);
      // Calls under way are booked as what was put aside for them.
      expect(billed).toBeGreaterThanOrEqual(100 - 6 * 16 * CALL - 2 * CALL);
      expect(booked).toBeGreaterThanOrEqual(billed - 1e-6);
    }
  });
});
