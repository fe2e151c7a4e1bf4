import { HttpError } from './errors.js';
import { RateLimit, type RateLimitSettings } from './rate-limit.js';

const limitAt = (settings: Partial<RateLimitSettings>) => {
  const clock = { now: 1_000_000 };
  const limit = new RateLimit({ requestsPerMinute: null, tokensPerMinute: null, windowMs: 60_000, ...settings }, () => clock.now);
  return { clock, limit };
};
const refusal = (limit: RateLimit, tokens = 1): HttpError => {
  try {
    limit.admit(tokens);
  } catch (error) {
    if (error instanceof HttpError) return error;
  }
  throw new Error('the request was let in');
};

describe('a rate limit', () => {
  it('should let everything in where there is none', () => expect(limitAt({}).limit.admit(1e9)).toEqual({}));

  it('should refuse what is too much until the oldest request leaves the window', () => {
    const { limit, clock } = limitAt({ requestsPerMinute: 2 });
    limit.admit(1);
    clock.now += 10_000;
    expect(limit.admit(1)['x-ratelimit-remaining-requests']).toBe('0');
    expect(refusal(limit)).toMatchObject({ status: 429, type: 'requests', headers: { 'retry-after': '50', 'retry-after-ms': '50000' } });
    clock.now += 50_000;
    expect(limit.admit(1)['x-ratelimit-remaining-requests']).toBe('0');
    expect(refusal(limit).headers['retry-after-ms']).toBe('10000');
  });

  it('should count tokens, and not those of refused requests', () => {
    const { limit } = limitAt({ tokensPerMinute: 100 });
    limit.admit(60);
    expect(refusal(limit, 50)).toMatchObject({ type: 'tokens', code: 'rate_limit_exceeded' });
    expect(limit.admit(40)['x-ratelimit-remaining-tokens']).toBe('0');
  });

  it('should let a request that is larger than the limit itself into an empty window', () => {
    const { limit, clock } = limitAt({ tokensPerMinute: 100 });
    limit.admit(500);
    expect(refusal(limit, 1).status).toBe(429);
    clock.now += 60_000;
    expect(limit.admit(1)).toBeDefined();
  });

  it('should allow the same rate in smaller bursts in a shorter window', () => {
    const { limit, clock } = limitAt({ requestsPerMinute: 600, windowMs: 1_000 });
    let admitted = 0;
    for (let tick = 0; tick < 600; tick++, clock.now += 100) {
      for (let burst = 0; burst < 3; burst++) {
        try {
          limit.admit(1);
          admitted++;
        } catch {
          // Counted by what is let in.
        }
      }
    }
    expect(admitted).toBe(600);
  });
});
