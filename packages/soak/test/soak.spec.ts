import { jest } from '@jest/globals';
import { soak } from '../src/soak.js';

jest.setTimeout(600_000);

/** Real: everything but the model; faults are made by the same code as `npm run soak`. */
describe('rounds under random faults', () => {
  it('should lose and double nothing, cost what is allowed, go on soon and leave nothing behind', async () => {
    const lines: string[] = [];
    const summary = await soak({ rounds: 4, seed: 20, rows: 2_500, only: [], turns: 1, say: (line) => lines.push(line) });
    // The seeds are named, and so is what was wrong.
    expect(lines.filter((line) => line.includes('WRONG'))).toEqual([]);
    expect(summary).toMatchObject({ rounds: 4, rows: 2_500, lost: 0, doubled: 0, wrong: 0, leaks: 0, failedSeeds: [] });
    expect(summary.slowestReturnMs).toBeLessThanOrEqual(10_000);
    expect(summary.extraCalls).toBeLessThanOrEqual(summary.allowedCalls);
    expect(Object.keys(summary.faults).length).toBeGreaterThan(2);
  });

  it('should repeat no turn of an agent but those that were in flight', async () => {
    const lines: string[] = [];
    const only = ['member_dies', 'nats_comes_back_empty', 'member_stands_still'];
    const summary = await soak({ rounds: 2, seed: 40, rows: 300, only, turns: 10, say: (line) => lines.push(line) });
    expect(lines.filter((line) => line.includes('WRONG'))).toEqual([]);
    expect(summary).toMatchObject({ rounds: 2, rows: 300, lost: 0, doubled: 0, wrong: 0, leaks: 0, failedSeeds: [] });
    expect(summary.extraCalls).toBeLessThanOrEqual(summary.allowedCalls);
  });
});
