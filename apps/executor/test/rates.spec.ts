import { RateLimitsConfig, type RateLimitsConfig as Limits } from '@apwa/config';
import { Meter } from '../src/permits/meter.js';
import { BucketProvider, SlidingProvider } from './support/permits/provider.js';
import { play, type ScheduleOptions } from './support/permits/schedule.js';

const MINUTE_MS = 60_000;
const limits = (given: Partial<Limits> = {}): Limits => RateLimitsConfig.parse(given);
const rows = (members: number, calls: number, tokens = 1): number[][] =>
  Array.from({ length: members }, () => Array.from({ length: calls }, () => tokens));

/** Share of what the provider allows that was used, and share of calls that it refused. */
const played = (options: ScheduleOptions, allowed: (ms: number) => number) => {
  const { ms, answered, members } = play(options);
  const { provider } = options;
  const done = members.reduce((sum, one) => sum + one.done, 0);
  return { ms, answered, done, used: done / allowed(ms), refused: provider.refused / (provider.answered + provider.refused) };
};

interface Case {
  rpm: number;
  tpm?: number;
  windowMs?: number;
  members?: number;
  minutes?: number;
  given?: Partial<Limits>;
  told?: boolean;
  /** Tokens of each call. */
  tokens?: number;
}

/** Everything on a virtual clock: the meter is production's, provider and members are as simple as can be. */
describe('the share of a rate that is used, and of calls that are refused', () => {
  const table: [string, Case][] = [
    ['a configured limit', { rpm: 600, given: { requestsPerMinute: 600 } }],
    ['a small one among many members', { rpm: 60, members: 12, given: { requestsPerMinute: 60 } }],
    ['a large one', { rpm: 12_000, minutes: 3, given: { requestsPerMinute: 12_000 } }],
    ['one that is measured by the second', { rpm: 18_000, windowMs: 1_000, minutes: 3, given: { requestsPerMinute: 18_000 } }],
    ['one that headers tell', { rpm: 1_200, told: true }],
    ['one that refusals alone tell', { rpm: 1_200 }],
    ['one of tokens', { rpm: 1e9, tpm: 300_000, tokens: 700, given: { tokensPerMinute: 300_000 } }],
    ['a configuration that allows more than the provider', { rpm: 600, given: { requestsPerMinute: 1_000 } }],
  ];
  it.each(table)('should be right for %s', (_, { rpm, tpm = Infinity, windowMs, members = 4, minutes = 10, given, told, tokens = 1 }) => {
    const meter = new Meter(limits(given), 0);
    const provider = new SlidingProvider({ calls: rpm, tokens: tpm }, windowMs);
    const perMinute = Math.min(rpm, tpm / tokens);
    const said = { requestsPerMinute: rpm, tokensPerMinute: null };
    const runs = [{ ownerId: 'run_a', weight: 1, backlog: rows(members, Math.ceil((perMinute * minutes * 1.2) / members), tokens) }];
    const options = { meter, provider, members, slots: 64, untilMs: minutes * MINUTE_MS, runs, told: () => (told ? said : null) };
    const { used, refused } = played(options, (elapsed) => (perMinute * elapsed) / MINUTE_MS);
    expect(used).toBeGreaterThanOrEqual(0.9);
    expect(refused).toBeLessThan(0.02);
  });

  it.each([
    ['and says so', true, true],
    ['and says only when to come back', false, true],
    ['and says nothing', false, false],
  ])('should be right for a limit that halves after five minutes %s', (_, told, retryAfter) => {
    const meter = new Meter(limits({ requestsPerMinute: 1_200 }), 0);
    const provider = new SlidingProvider({ calls: 1_200, tokens: Infinity }, 10_000);
    const at = (now: number) => {
      if (now === 5 * MINUTE_MS) provider.limits = { calls: 600, tokens: Infinity };
    };
    const said = () => (told ? { requestsPerMinute: provider.limits.calls, tokensPerMinute: null } : null);
    const runs = [{ ownerId: 'run_a', weight: 1, backlog: rows(4, 4_000) }];
    const options = { meter, provider, members: 4, slots: 64, untilMs: 10 * MINUTE_MS, runs, at, told: said, retryAfter };
    const { used, refused } = played(options, () => 5 * 1_200 + 5 * 600);
    expect(used).toBeGreaterThanOrEqual(0.9);
    expect(refused).toBeLessThan(0.02);
  });
});

describe('a rate that refusals alone tell, each at once', () => {
  const LATENCY_MS = 300;
  const playedWith = (slots: number) => {
    const provider = new BucketProvider(6_000);
    const meter = new Meter(limits(), 0);
    const seen = { halvedAt: Infinity, refusedFirst: 0 };
    const at = (now: number) => {
      if (now === 1_000) seen.refusedFirst = provider.refused;
      if (provider.answered < 3_000 || seen.halvedAt < now) return;
      seen.halvedAt = now;
      provider.perMinute = 3_000;
    };
    const runs = [{ ownerId: 'run_a', weight: 1, backlog: rows(2, 3_000) }];
    const options = { meter, provider, members: 2, slots, untilMs: 10 * MINUTE_MS, latencyMs: LATENCY_MS, runs, at };
    const { done, ms } = played(options, () => 1);
    const ideal = 3_000 / 100 + 3_000 / 50;
    return { done, used: ideal / (ms / 1_000), provider, ...seen };
  };

  it('should be used, and half of it when it halves', () => {
    const { done, used, provider } = playedWith(32);
    expect(done).toBe(6_000);
    expect(used).toBeGreaterThanOrEqual(0.9);
    expect(provider.refused / 6_000).toBeLessThan(0.02);
  });

  it('should be found out by one burst of refusals where many calls begin at once', () => {
    const { done, used, provider, refusedFirst } = playedWith(128);
    expect(done).toBe(6_000);
    expect(used).toBeGreaterThanOrEqual(0.9);
    expect(refusedFirst).toBeLessThanOrEqual(2 * 128);
    expect((provider.refused - refusedFirst) / 6_000).toBeLessThan(0.02);
  });
});

describe('runs beside each other', () => {
  it('should share by weight, and leave nothing unused when one of them rests', () => {
    const meter = new Meter(limits({ requestsPerMinute: 1_200 }), 0);
    const provider = new SlidingProvider({ calls: 1_200, tokens: Infinity });
    const runs = [
      { ownerId: 'run_a', weight: 1, backlog: rows(3, 4_000) },
      { ownerId: 'run_b', weight: 3, backlog: rows(3, 4_000) },
    ];
    const { answered, used } = played({ meter, provider, members: 3, slots: 128, untilMs: 5 * MINUTE_MS, runs }, () => 5 * 1_200);
    expect((answered.get('run_b') ?? 0) / (answered.get('run_a') ?? 1)).toBeCloseTo(3, 1);
    expect(used).toBeGreaterThanOrEqual(0.9);
  });

  it('should give the calls under way by weight too, and pass nobody over for ever', () => {
    const meter = new Meter(limits({ inFlight: 8 }), 0);
    const provider = new SlidingProvider({ calls: Infinity, tokens: Infinity });
    const runs = [
      { ownerId: 'run_a', weight: 1, backlog: rows(4, 2_000) },
      { ownerId: 'run_b', weight: 3, backlog: rows(4, 2_000) },
    ];
    const { answered } = played({ meter, provider, members: 4, slots: 64, untilMs: 2 * MINUTE_MS, runs, latencyMs: 1_000 }, () => 1);
    expect((answered.get('run_b') ?? 0) / (answered.get('run_a') ?? 1)).toBeGreaterThan(2);
    expect((answered.get('run_b') ?? 0) / (answered.get('run_a') ?? 1)).toBeLessThan(4);
  });
});

describe('a huge row among small ones', () => {
  it.each([
    ['that fits into a minute', 75_000, 200_000, 0.85],
    // Nothing else is admitted in the minute before it, nor in the one after.
    ['that is larger than a minute', 75_000, 60_000, 0.7],
  ])('should be answered, %s, and starve nobody', (_, huge, tpm, least) => {
    const meter = new Meter(limits({ tokensPerMinute: tpm }), 0);
    const provider = new SlidingProvider({ calls: Infinity, tokens: tpm });
    const backlog = rows(3, 400, 300);
    backlog[1]?.splice(20, 0, huge);
    const runs = [
      { ownerId: 'run_a', weight: 1, backlog },
      { ownerId: 'run_b', weight: 1, backlog: rows(3, 100, 300) },
    ];
    const options = { meter, provider, members: 3, slots: 64, untilMs: 60 * MINUTE_MS, runs };
    const { done, refused, used } = played(options, (ms) => (1_501 * ms) / (((1_500 * 300 + huge) / tpm) * MINUTE_MS));
    expect(done).toBe(1_501);
    expect(refused).toBeLessThan(0.02);
    expect(used).toBeGreaterThan(least);
  });
});
