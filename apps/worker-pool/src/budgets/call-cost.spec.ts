import { noUsage, type TokenUsage } from '@apwa/contracts';
import { CallCost } from './call-cost.js';

const PRICES = { input: 1, cacheRead: 0.1, cacheWrite: 2, output: 10 };
const SIZE = { bytes: 400, outputTokens: 1_000 };
const usage = (of: Partial<TokenUsage>): TokenUsage => ({ ...noUsage(), ...of });

describe('CallCost', () => {
  it('should put aside as much as is possible before a call was answered, by the dearest endpoint', () => {
    const cost = new CallCost([PRICES, undefined, { ...PRICES, output: 20 }], 88);
    const most = { usd: (1_000 * 2 + 1_000 * 20) / 1e6, tokens: 2_000, rows: 1 };
    expect(cost.most(SIZE)).toEqual(most);
    expect(cost.of(SIZE, 1)).toEqual(most);
    expect(cost.of(SIZE, 0)).toEqual({ ...most, rows: 0 });
  });

  it('should learn what calls take, and stay above nearly all of them', () => {
    const cost = new CallCost([PRICES], 100);
    let above = 0;
    for (let n = 0; n < 500; n++) {
      // Answers of 40 to 60 tokens.
      const output = 40 + ((n * 7) % 21);
      const taken = usage({ input: 125, output });
      const usd = (125 * PRICES.input + output * PRICES.output) / 1e6;
      if (n > 0 && usd > cost.of(SIZE, 1).usd) above++;
      cost.saw(SIZE, taken, usd);
    }
    expect(above).toBeLessThanOrEqual(5);
    const { usd, tokens } = cost.of(SIZE, 1);
    expect(tokens).toBeLessThan(2 * 175);
    expect(usd).toBeLessThan((2 * (125 + 500)) / 1e6);
  });

  it('should learn that caches make calls cheaper', () => {
    const cost = new CallCost([PRICES], 0);
    for (let n = 0; n < 50; n++) cost.saw(SIZE, usage({ cacheRead: 100, output: 1 }), (100 * 0.1 + 10) / 1e6);
    expect(cost.of(SIZE, 1).usd).toBeLessThan(((100 * 0.1 + 10) / 1e6) * 1.2);
  });

  it('should never put aside more than is possible', () => {
    const cost = new CallCost([PRICES], 0);
    cost.saw(SIZE, usage({ input: 100_000, output: 100_000 }), 5);
    expect(cost.of(SIZE, 1)).toEqual(cost.most(SIZE));
  });

  it('should cut what is not possible, and say so', () => {
    const cost = new CallCost([PRICES], 0);
    const most = cost.most(SIZE);
    expect(cost.clamp(SIZE, { usd: 1e308, tokens: 1e308, rows: 1 })).toEqual({ taken: most, cut: true });
    expect(cost.clamp(SIZE, { usd: 1e-6, tokens: 5, rows: 0 })).toEqual({ taken: { usd: 1e-6, tokens: 5, rows: 0 }, cut: false });
  });
});
