import { backlogOf, type RunBacklog } from './backlog.js';

const run = (ownerId: string, pool: string, wanted: number, limit: number | null = null, inFlight = 0): RunBacklog => ({
  ownerId,
  pool,
  wanted,
  limit,
  inFlight,
});

describe('backlogOf', () => {
  it.each<[string, RunBacklog[], Record<string, number>]>([
    ['nothing for nothing', [], {}],
    ['the sum over runs, pool by pool', [run('a', 'p', 5), run('b', 'p', 7), run('b', 'q', 1)], { p: 12, q: 1 }],
    ['no more than a run may have in flight', [run('a', 'p', 5_000, 10)], { p: 10 }],
    ['what is left of a limit', [run('a', 'p', 5_000, 10, 4)], { p: 6 }],
    ['nothing where a limit is used up, or was lowered below what is held', [run('a', 'p', 9, 10, 10), run('b', 'p', 9, 10, 12)], { p: 0 }],
    ['a limit once, over all pools', [run('a', 'p', 6, 10), run('a', 'q', 6, 10), run('a', 'r', 6, 10)], { p: 6, q: 4, r: 0 }],
  ])('should be %s', (_what, runs, backlog) => expect(Object.fromEntries(backlogOf(runs))).toEqual(backlog));
});
