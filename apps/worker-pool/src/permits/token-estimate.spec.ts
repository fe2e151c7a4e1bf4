import { noUsage } from '@apwa/contracts';
import { TokenEstimate } from './token-estimate.js';

describe('TokenEstimate', () => {
  it('should learn from the first answers how many tokens a stage takes', () => {
    const estimate = new TokenEstimate(8_192);
    expect(estimate.of(400)).toBe(300);
    for (let call = 0; call < 30; call++) estimate.saw(400, { ...noUsage(), input: 300, cacheRead: 100, output: 20, reasoning: 30 });
    expect(estimate.of(400)).toBeGreaterThan(440);
    expect(estimate.of(400)).toBeLessThan(460);
    // A row of a thousand times the length is told before it is called.
    expect(estimate.of(300_000)).toBeGreaterThan(290_000);
  });

  it('should learn nothing of an answer that does not say', () => {
    const estimate = new TokenEstimate(100);
    estimate.saw(400, noUsage());
    expect(estimate.of(400)).toBe(200);
  });
});
