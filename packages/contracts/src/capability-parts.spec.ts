import { CallLimits } from './capability-parts.js';
import { HttpCapability } from './http-capability.js';

describe('limits of calls', () => {
  it.each([[{ requestsPerMinute: 60 }], [{ inFlight: 2 }], [{ requestsPerMinute: 1, inFlight: 1 }]])('should be %j', (limits) =>
    expect(CallLimits.parse(limits)).toEqual(limits),
  );

  it.each<[object, string]>([
    [{ requestsPerMinute: 0 }, 'limits.requestsPerMinute'],
    [{ requestsPerMinute: -5 }, 'limits.requestsPerMinute'],
    [{ requestsPerMinute: 1.5 }, 'limits.requestsPerMinute'],
    [{ requestsPerMinute: 1e12 }, 'limits.requestsPerMinute'],
    [{ requestsPerMinute: '60' }, 'limits.requestsPerMinute'],
    [{ inFlight: 0 }, 'limits.inFlight'],
    [{ inFlight: 1e9 }, 'limits.inFlight'],
    [{}, 'limits'],
    [{ requestsPerMinute: 5, tokensPerMinute: 5 }, 'limits'],
  ])('should not be %j', (limits, field) => {
    const result = HttpCapability.safeParse({
      kind: 'http',
      name: 'x',
      description: 'x',
      input: { type: 'object' },
      output: { type: 'object' },
      url: 'https://api.test/',
      limits,
    });
    expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});
