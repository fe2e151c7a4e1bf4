import { EndpointConfig, type ModelConfig, RateLimitsConfig } from '@apwa/config';
import { type PermitAnswer } from '@apwa/contracts';
import { type CallOutcome, type Pass } from './endpoint-gate.js';
import { modelGate, type Need } from './call-gate.js';

const TERMS = { termMs: 2_000, againMs: 100, fresh: false };
const need = (change: Partial<Need> = {}): Need => ({ ownerId: 'run_a', tokens: 100, failures: 0, ...change });
const refused = (waitMs: number): CallOutcome => ({ kind: 'refused', waitMs, retryAfterMs: waitMs, message: 'slow down' });
const silent: CallOutcome = { kind: 'silent', connected: true, message: '503' };
const answered: CallOutcome = { kind: 'answered', tokens: 100 };

const setUp = (limits: Partial<RateLimitsConfig>[] = [{}], strategy: ModelConfig['strategy'] = 'ordered', draws: number[] = []) => {
  const clock = { now: 0 };
  const endpoints = limits.map((one, index) =>
    EndpointConfig.parse({ baseUrl: 'http://h', name: `m${index}`, weight: index + 1, limits: RateLimitsConfig.parse(one) }),
  );
  const gate = modelGate('small', { strategy, endpoints }, { now: () => clock.now, random: () => draws.shift() ?? 0 });
  const endpoint = (index = 0) => {
    const one = gate.endpoints[index];
    if (!one) throw new Error('no such endpoint');
    return one;
  };
  /** Asks about an endpoint, and has it answered so. */
  const hear = (change: Partial<PermitAnswer>, index = 0, terms = TERMS) => {
    const question = endpoint(index).question(clock.now, gate.waitingFor(index), true);
    const answer: PermitAnswer = {
      counted: { calls: false, tokens: false, inFlight: false },
      grants: [],
      full: false,
      closedMs: 0,
      health: 'well',
      probe: false,
      known: true,
      ...change,
    };
    endpoint(index).answer(clock.now, clock.now, answer, terms);
    gate.answered();
    return question;
  };
  const enter = (calls: number, change: Partial<Need> = {}): Pass[] =>
    Array.from({ length: calls }, () => gate.tryEnter(need(change))).filter((pass) => pass !== null);
  const grant = (calls: number, tokens = 0) => [{ ownerId: 'run_a', calls, tokens, inFlight: null }];
  return { gate, clock, endpoint, hear, enter, grant };
};
const CALLS = { calls: true, tokens: false, inFlight: false };

describe('CallGate', () => {
  it('should limit nothing before the first refusal', () => {
    const { enter, clock, endpoint } = setUp();
    const first = enter(5_000).length;
    clock.now = 1_000;
    expect(enter(5_000 - first)).toHaveLength(5_000 - first);
    expect(endpoint().inFlight).toBe(5_000);
  });

  it('should stay closed until Retry-After has passed, then let half as many in, and open wider with answers', () => {
    const { gate, clock, enter } = setUp();
    const passes = enter(32);
    clock.now = 100;
    passes.push(...enter(68));
    for (const pass of passes) gate.leave(pass, refused(3_000), null);
    clock.now = 3_099;
    expect(enter(1)).toEqual([]);
    clock.now = 3_100;
    const half = enter(100);
    expect(half).toHaveLength(50);
    for (const pass of half) gate.leave(pass, answered, null);
    expect(enter(100)).toHaveLength(56);
  });

  it('should begin few calls at an endpoint that was not used yet, and twice as many every 50 ms', async () => {
    const { gate, clock, enter } = setUp();
    const passes = enter(1_000);
    expect(passes).toHaveLength(32);
    const next = gate.enter(need());
    clock.now = 50;
    await next;
    expect(enter(1_000)).toHaveLength(31);
    clock.now = 150;
    expect(enter(1_000)).toHaveLength(192);
    for (const pass of passes) gate.leave(pass, answered, null);
    clock.now = 1_000;
    expect(enter(700)).toHaveLength(700);
  });

  it('should try no more than were let in beside those that were refused', () => {
    const { gate, clock, enter } = setUp();
    enter(10);
    for (const pass of enter(20)) gate.leave(pass, refused(50), null);
    clock.now = 50;
    // Those that were let in are under way still.
    expect(enter(1)).toEqual([]);
  });

  it('should let in who was refused a pass just before it opened', async () => {
    const { gate, clock, enter } = setUp();
    for (const pass of enter(1)) gate.leave(pass, refused(1), null);
    expect(gate.tryEnter(need())).toBeNull();
    clock.now = 1;
    await expect(gate.enter(need())).resolves.toMatchObject({ endpoint: 0 });
  });

  it('should open to those who wait though time passes at every look', async () => {
    for (let step = 0.1; step < 1; step += 0.1) {
      let now = 0;
      const gate = modelGate(
        'small',
        { strategy: 'ordered', endpoints: [EndpointConfig.parse({ baseUrl: 'http://h', name: 'm' })] },
        { now: () => (now += step) },
      );
      const first = gate.tryEnter(need());
      if (first) gate.leave(first, refused(2), null);
      expect(gate.tryEnter(need())).toBeNull();
      await expect(gate.enter(need())).resolves.toMatchObject({ endpoint: 0 });
    }
  });

  it('should begin calls by permits alone where they are counted, in the order in which they came', async () => {
    const { gate, hear, enter, grant } = setUp([{ requestsPerMinute: 60 }]);
    expect(enter(1)).toEqual([]);
    const order: number[] = [];
    const waits = [1, 2, 3].map((n) => gate.enter(need({ tokens: n })).then((pass) => pass && order.push(pass.tokens)));
    expect(hear({ counted: CALLS, grants: grant(1) }).wants).toMatchObject([{ ownerId: 'run_a', toBegin: 3, calls: 3 }]);
    await waits[0];
    expect(order).toEqual([1]);
    // Nobody who comes later goes before them.
    expect(gate.tryEnter(need())).toBeNull();
    gate.close();
  });

  it('should make those behind a large call wait, and not the large call for ever', async () => {
    const { gate, hear, clock, grant } = setUp([{ tokensPerMinute: 60_000 }]);
    const order: number[] = [];
    for (const tokens of [5_000, 10, 10]) void gate.enter(need({ tokens })).then((pass) => pass && order.push(pass.tokens));
    const counted = { calls: false, tokens: true, inFlight: false };
    expect(hear({ counted, grants: grant(3, 1_000) }).wants).toMatchObject([{ calls: 3, tokens: 5_020, next: 5_000 }]);
    await Promise.resolve();
    expect(order).toEqual([]);
    clock.now = 100;
    expect(hear({ counted, grants: grant(1, 4_020) }).wants).toMatchObject([{ calls: 1, tokens: 4_020, next: 4_000 }]);
    clock.now = 300;
    gate.dispatch();
    clock.now = 500;
    gate.dispatch();
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([5_000, 10, 10]);
    gate.close();
  });

  it('should keep to the calls under way that it was told, and to none past the term', () => {
    const { hear, clock, enter } = setUp([{ inFlight: 10 }]);
    const counted = { calls: false, tokens: false, inFlight: true };
    expect(enter(1)).toEqual([]);
    hear({ counted, grants: [{ ownerId: 'run_a', calls: 0, tokens: 0, inFlight: 3 }] });
    expect(enter(9)).toHaveLength(3);
    hear({ counted, grants: [{ ownerId: 'run_a', calls: 0, tokens: 0, inFlight: 5 }] });
    expect(enter(9)).toHaveLength(2);
    clock.now = 2_000;
    hear({ counted, grants: [] });
    expect(enter(9, { ownerId: 'run_b' })).toEqual([]);
  });

  it('should need permits from the answer on that tells limits', () => {
    const { gate, enter, endpoint } = setUp();
    const [pass] = enter(1);
    gate.leave(pass as Pass, answered, { requestsPerMinute: 60, tokensPerMinute: null });
    expect(endpoint().limited).toBe(true);
    expect(enter(1)).toEqual([]);
  });

  it('should drop permits of an executor that was replaced (H14)', () => {
    const { hear, enter, endpoint, grant } = setUp([{ requestsPerMinute: 60 }]);
    hear({ counted: CALLS, grants: grant(5) });
    endpoint().voidPermits();
    expect(enter(5)).toEqual([]);
  });

  it('should give back what it does not need, and tell again what was not heard', () => {
    const { gate, clock, hear, grant, endpoint, enter } = setUp([{ requestsPerMinute: 60 }]);
    hear({ counted: CALLS, grants: grant(20) });
    const [pass] = enter(1);
    gate.leave(pass as Pass, answered, null);
    clock.now = 100;
    const question = endpoint().question(100, [], true);
    expect(question.returns.calls).toBeGreaterThan(10);
    expect(question.news.answered).toBe(1);
    endpoint().unanswered(question);
    clock.now = 200;
    const again = endpoint().question(200, [], true);
    expect(again.news.answered).toBe(1);
    expect(again.returns.calls).toBeLessThan(question.returns.calls);
  });

  it('should let nobody call an endpoint that is down, and everybody when it is well', async () => {
    const { gate, hear, enter } = setUp();
    hear({ health: 'down' });
    expect(enter(1)).toEqual([]);
    const waiting = gate.enter(need());
    hear({ health: 'well' });
    expect(await waiting).toMatchObject({ endpoint: 0 });
  });

  it('should begin no call while the executor has not said whether an endpoint is down at which nobody answers', () => {
    const { gate, clock, enter, hear } = setUp([{}, {}]);
    const passes = enter(5);
    clock.now = 10;
    for (const pass of passes.slice(0, 4)) gate.leave(pass, silent, null);
    // The other one of the group is not concerned.
    expect(enter(1)).toMatchObject([{ endpoint: 1 }]);
    expect(hear({ health: 'suspected', probe: true }).news.suspects).toBe(true);
    expect(enter(1)).toMatchObject([{ endpoint: 1 }]);
    hear({ health: 'well' });
    expect(enter(1)).toMatchObject([{ endpoint: 0 }]);
  });

  it('should go on with calls to an address at which nobody ever was: it is no outage', () => {
    const { gate, enter } = setUp();
    for (const pass of enter(4)) gate.leave(pass, { ...silent, connected: false }, null);
    expect(enter(1)).toHaveLength(1);
  });

  it('should have those who wait look again when something has changed for them', async () => {
    const { gate, hear } = setUp();
    hear({ health: 'down' });
    const waiting = [gate.enter(need()), gate.enter(need())];
    gate.wakeAll();
    expect(await Promise.all(waiting)).toEqual([null, null]);
  });
});

describe('CallGate of a group', () => {
  it('should take the first endpoint, and the next one after a failure', () => {
    const { enter } = setUp([{}, {}, {}]);
    expect([0, 1, 2, 3].flatMap((failures) => enter(1, { failures })).map(({ endpoint }) => endpoint)).toEqual([0, 1, 2, 0]);
  });

  it('should spill over when the preferred one is at its limit, down or without quota, and return to it', () => {
    const { hear, enter, grant } = setUp([{ requestsPerMinute: 60 }, {}]);
    // It only has to be asked yet.
    expect(enter(1)).toEqual([]);
    hear({ counted: CALLS, grants: grant(1), full: true });
    expect(enter(3).map(({ endpoint }) => endpoint)).toEqual([0, 1, 1]);
    hear({ counted: CALLS, health: 'down' });
    expect(enter(1).map(({ endpoint }) => endpoint)).toEqual([1]);
    hear({ counted: CALLS, health: 'exhausted' });
    expect(enter(1).map(({ endpoint }) => endpoint)).toEqual([1]);
    const { wants } = hear({ counted: CALLS, grants: grant(2), full: true });
    // What went elsewhere is wanted here all the same.
    expect(wants[0]?.calls).toBeGreaterThan(0);
    expect(enter(2).map(({ endpoint }) => endpoint)).toContain(0);
  });

  it('should leave one alone that refuses calls, and call the next', () => {
    const { gate, enter } = setUp([{}, {}]);
    const [pass] = enter(1);
    gate.leave(pass as Pass, refused(1_000), null);
    expect(enter(2).map(({ endpoint }) => endpoint)).toEqual([1, 1]);
  });

  it('should draw by weight, of those that take calls', () => {
    const { hear, enter } = setUp([{}, {}], 'weighted', [0.3, 0, 0.4, 0, 0.1]);
    expect(enter(2).map(({ endpoint }) => endpoint)).toEqual([0, 1]);
    hear({ health: 'down' });
    expect(enter(1).map(({ endpoint }) => endpoint)).toEqual([1]);
  });
});

describe('the verdict on a failure', () => {
  it('should be the endpoint’s fault when the executor finds it down, and the row’s when it is well', async () => {
    for (const [health, verdict] of [
      ['down', 'outage'],
      ['well', 'row'],
    ] as const) {
      const { gate, clock, enter, hear, endpoint } = setUp();
      const [pass] = enter(1);
      const at = gate.leave(pass as Pass, silent, null);
      const judged = gate.verdict(0, at, () => true);
      clock.now = 10;
      expect(hear({ health: 'suspected', probe: true }).news.suspects).toBe(true);
      expect(endpoint().probeWanted).toBe(true);
      endpoint().probed(20, health === 'down' ? { kind: 'failed', message: '503' } : { kind: 'answered' });
      clock.now = 20;
      expect(hear({ health }).news).toMatchObject({ probe: health === 'down' ? 'failed' : 'answered', suspects: false });
      expect(await judged).toBe(verdict);
      expect(gate.excuses(0, at)).toBe(health === 'down');
    }
  });

  it('should be none of an address at which nobody ever was', async () => {
    const { gate, enter } = setUp();
    const [pass] = enter(1);
    const at = gate.leave(pass as Pass, { ...silent, connected: false }, null);
    expect(await gate.verdict(0, at, () => true)).toBe('row');
  });

  it('should be left open when the row may wait no longer', async () => {
    const { gate, enter } = setUp();
    const [pass] = enter(1);
    let may = true;
    const judged = gate.verdict(0, gate.leave(pass as Pass, silent, null), () => may);
    may = false;
    gate.wakeAll();
    expect(await judged).toBeNull();
  });
});
