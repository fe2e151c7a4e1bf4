import { RateLimitsConfig } from '@apwa/config';
import { type EndpointNews, noNews, type PermitQuestion, type PermitWant } from '@apwa/contracts';
import { Meter, TERM_MS } from './meter.js';

const want = (calls: number, more: Partial<PermitWant> = {}): PermitWant => ({
  ownerId: 'run_a',
  inFlight: 0,
  toBegin: calls,
  calls,
  tokens: 0,
  next: 0,
  ...more,
});
const question = (
  wants: PermitWant[],
  more: Partial<Omit<PermitQuestion, 'news'>> & { news?: Partial<EndpointNews> } = {},
): PermitQuestion => ({
  place: { model: 'small', endpoint: 0 },
  wants,
  returns: { calls: 0, tokens: 0 },
  correction: 0,
  ...more,
  news: { ...noNews(), ...more.news },
});
const meterOf = (limits: Partial<RateLimitsConfig>, quietUntil?: number) => {
  const meter = new Meter(RateLimitsConfig.parse(limits), 0, quietUntil);
  return {
    meter,
    ask: (now: number, member: string, wants: PermitWant[], more: Parameters<typeof question>[1] = {}) =>
      meter.ask(now, member, question(wants, more), (ownerId) => (ownerId === 'run_paused' ? null : 1)),
  };
};
/** Asks every 100 ms from `from` to `to`; the calls that were granted. */
const collect = (ask: ReturnType<typeof meterOf>['ask'], from: number, to: number, wants: PermitWant[], member = 'a'): number => {
  let calls = 0;
  for (let now = from; now <= to; now += 100) calls += ask(now, member, wants).grants.reduce((sum, grant) => sum + grant.calls, 0);
  return calls;
};

describe('Meter', () => {
  it('should limit nothing of an endpoint of which nothing is known', () => {
    const { ask } = meterOf({});
    expect(ask(0, 'a', [want(5_000)])).toMatchObject({
      counted: { calls: false, tokens: false, inFlight: false },
      full: false,
      health: 'well',
      closedMs: 0,
    });
  });

  it('should keep the reserve of each limit from runs', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000, reserve: 0.5 });
    const granted = collect(ask, 0, 10_000, [want(10_000)]);
    expect(granted).toBeGreaterThan(450);
    expect(granted).toBeLessThanOrEqual(500);
    const { ask: asks } = meterOf({ inFlight: 10, reserve: 0.5 });
    expect(asks(0, 'a', [want(50)]).grants).toMatchObject([{ inFlight: 5 }]);
  });

  it('should drop a suspicion when calls are answered that began after it, and not for answers of earlier ones', () => {
    const { ask } = meterOf({});
    expect(ask(0, 'a', [want(5)], { news: { suspects: true } }).health).toBe('suspected');
    expect(ask(10, 'a', [want(5)], { news: { answered: 3 } }).health).toBe('suspected');
    expect(ask(20, 'a', [want(5)], { news: { answered: 1, answers: true } }).health).toBe('well');
  });

  it('should give no credit for a time in which nobody wanted anything', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000 });
    collect(ask, 0, 1_000, [want(1_000)]);
    expect(ask(61_000, 'a', [want(1_000)]).grants[0]?.calls).toBeLessThanOrEqual(10);
  });

  it('should take back what is not used, and no more than was given', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000 });
    collect(ask, 0, 1_000, [want(1_000)]);
    const before = ask(1_100, 'a', [want(1_000)]).grants[0]?.calls ?? 0;
    expect(before).toBeGreaterThan(5);
    const after = ask(1_100, 'a', [want(1_000)], { returns: { calls: before, tokens: 0 } }).grants[0]?.calls;
    expect(after).toBe(before);
    const { ask: other } = meterOf({ requestsPerMinute: 60 });
    expect(other(0, 'b', [want(100)], { returns: { calls: 100, tokens: 100 } }).grants[0]?.calls).toBeLessThanOrEqual(1);
  });

  it('should make up for tokens that calls took beyond their estimates', () => {
    const { ask } = meterOf({ tokensPerMinute: 60_000 });
    const wants = [want(100, { tokens: 10_000, next: 100 })];
    collect(ask, 0, 1_000, wants);
    expect(ask(1_100, 'a', wants, { correction: 2_000 }).grants[0]?.calls).toBe(0);
    expect(collect(ask, 1_200, 2_900, wants)).toBe(0);
    expect(collect(ask, 3_000, 4_000, wants)).toBeGreaterThan(5);
  });

  it('should free the calls under way of a member that is gone, or silent for a term, and count its permits as spent', () => {
    const { meter, ask } = meterOf({ inFlight: 4 });
    expect(ask(0, 'a', [want(9)]).grants).toMatchObject([{ inFlight: 4 }]);
    // The others' share is free when the first has finished with it.
    expect(ask(10, 'b', [want(9)]).grants).toMatchObject([{ inFlight: 0 }]);
    expect(ask(20, 'a', [want(9, { inFlight: 2 })]).grants).toMatchObject([{ inFlight: 2 }]);
    expect(ask(30, 'b', [want(9)]).grants).toMatchObject([{ inFlight: 2 }]);
    meter.forget('a');
    expect(ask(40, 'b', [want(9, { inFlight: 2 })]).grants).toMatchObject([{ inFlight: 4 }]);
    expect(ask(30 + TERM_MS, 'c', [want(9)]).grants).toMatchObject([{ inFlight: 0 }]);
    expect(ask(60 + 2 * TERM_MS, 'c', [want(9)]).grants).toMatchObject([{ inFlight: 4 }]);
  });

  it('should close for all when one member was told to wait', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000 });
    collect(ask, 0, 500, [want(100)]);
    ask(600, 'a', [want(100)], { news: { refused: 1, retryAfterMs: 3_000 } });
    expect(ask(700, 'b', [want(100)])).toMatchObject({ closedMs: 2_900, grants: [{ calls: 0 }] });
    expect(collect(ask, 800, 3_500, [want(100)], 'b')).toBe(0);
    expect(collect(ask, 3_600, 4_600, [want(100)], 'b')).toBeGreaterThan(50);
  });

  it('should give a paused run nothing, and go on counting what it has under way', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000, inFlight: 4 });
    collect(ask, 0, 500, [want(3, { ownerId: 'run_paused', inFlight: 3 })]);
    const { grants } = ask(600, 'a', [want(3, { ownerId: 'run_paused', inFlight: 3 }), want(9)]);
    expect(grants).toMatchObject([{ calls: 0 }, { inFlight: 1 }]);
  });

  it('should give nothing that is counted while permits of another executor may be about', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000, inFlight: 10 }, 4_000);
    expect(ask(0, 'a', [want(100, { inFlight: 3 })]).grants).toMatchObject([{ calls: 0, inFlight: 0 }]);
    expect(collect(ask, 100, 3_900, [want(100)])).toBe(0);
    expect(collect(ask, 4_000, 5_000, [want(100)])).toBeGreaterThan(50);
  });

  it('should learn limits that headers tell, and take them for no more than is configured', () => {
    const { ask } = meterOf({ requestsPerMinute: 6_000 });
    const told = { requestsPerMinute: 600, tokensPerMinute: null };
    ask(0, 'a', [want(100)], { news: { answered: 1, told } });
    expect(collect(ask, 100, 10_000, [want(1_000)])).toBeLessThanOrEqual(100);
    const { ask: other } = meterOf({ requestsPerMinute: 600 });
    other(0, 'a', [want(100)], { news: { answered: 1, told: { requestsPerMinute: 1e6, tokensPerMinute: null } } });
    expect(collect(other, 100, 10_000, [want(1_000)])).toBeLessThanOrEqual(100);
  });
});
