import { makeRoom, type Move, nextMove, type Sharer, spread } from './sharing.js';

const sharer = (token: string, ownerId: string, held: number, room = 1_000, weight = 1): Sharer => ({ token, ownerId, weight, held, room });
const claim = (...saturated: string[]): Move => ({ kind: 'claim', saturated });

describe('nextMove', () => {
  const TOTAL = 64;
  const [hungry, full] = [sharer('a', 'run a', 20), sharer('a', 'run a', 20, 0)];
  const other = sharer('b', 'run b', 20);
  const newcomer = sharer('b', 'run b', 1);
  const besides = (...owners: string[]) => ({ besides: owners });
  const [LITTLE, ENOUGH] = [1, 8];
  it.each<[string, number, Sharer[], Parameters<typeof nextMove>[2], Move]>([
    ['nothing is free', 0, [hungry], 'unknown', { kind: 'wait' }],
    ['nobody is here', TOTAL, [], 'unknown', claim()],
    ['nobody is here, and there was nothing', TOTAL, [], 'for_all', { kind: 'wait' }],
    ['one run has rows at hand, and others may wait', ENOUGH, [hungry], 'unknown', claim('run a')],
    ['one run has rows at hand, and no other waits', ENOUGH, [hungry], besides('run a'), { kind: 'spread' }],
    ['one run has rows at hand, others may wait, and little is free', LITTLE, [hungry], 'unknown', claim('run a')],
    ['one run has rows at hand, no other waits, and little is free', LITTLE, [hungry], besides('run a'), { kind: 'spread' }],
    ['the only run has begun all its rows, and little is free', LITTLE, [full], 'unknown', claim()],
    ['the only run has begun all its rows', ENOUGH, [full], besides('run a'), claim()],
    ['the only run has begun all its rows, and there was nothing', ENOUGH, [full], 'for_all', { kind: 'wait' }],
    ['a run has rows at hand in one of its shards', ENOUGH, [full, hungry], besides('run a'), { kind: 'spread' }],
    ['two runs are here, and a third may wait', LITTLE, [hungry, other], 'unknown', claim('run a', 'run b')],
    ['two runs are here, and little is free', LITTLE, [hungry, other], besides('run a', 'run b'), { kind: 'spread' }],
    ['two runs are here, and no third waits', ENOUGH, [hungry, other], besides('run a', 'run b'), claim()],
    ['two runs are here, and there was nothing', ENOUGH, [hungry, other], 'for_all', { kind: 'spread' }],
    ['one of two runs has begun all its rows', ENOUGH, [full, other], besides('run a', 'run b'), claim('run b')],
    ['one of two runs is gone', LITTLE, [hungry], besides('run a', 'run b'), claim('run a')],
    ['one of two runs came when little was free', ENOUGH, [hungry, newcomer], besides('run a', 'run b'), { kind: 'spread' }],
  ])('when %s', (_, free, sharers, emptiness, move) => {
    expect(nextMove({ free, total: TOTAL, worthClaiming: free >= ENOUGH }, sharers, emptiness)).toEqual(move);
  });
});

describe('spread', () => {
  it('should give all to the only one that has rows', () => {
    expect(spread(5, [sharer('a', 'run a', 3), sharer('b', 'run a', 1, 0)])).toEqual(new Map([['a', 5]]));
  });

  it('should even out runs first, and the shards of a run then', () => {
    const sharers = [sharer('a1', 'run a', 20), sharer('a2', 'run a', 10), sharer('b', 'run b', 6)];
    expect(spread(24, sharers)).toEqual(new Map([['b', 24]]));
    expect(spread(30, sharers)).toEqual(
      new Map([
        ['a2', 3],
        ['b', 27],
      ]),
    );
  });

  it('should share out by the weights of runs', () => {
    const sharers = [sharer('a', 'run a', 10), sharer('b', 'run b', 10, 1_000, 3)];
    expect(spread(44, sharers)).toEqual(
      new Map([
        ['a', 6],
        ['b', 38],
      ]),
    );
  });

  it('should give nobody more than it can use, and keep the rest', () => {
    expect(spread(10, [sharer('a', 'run a', 1, 2), sharer('b', 'run b', 1, 3)])).toEqual(
      new Map([
        ['a', 2],
        ['b', 3],
      ]),
    );
    expect(spread(10, [])).toEqual(new Map());
  });
});

describe('makeRoom', () => {
  it('should leave a run that comes as much as those that are here have', () => {
    expect(makeRoom(64, 0, [sharer('a', 'run a', 64)])).toEqual(new Map([['a', 32]]));
    expect(makeRoom(60, 0, [sharer('a', 'run a', 30), sharer('b', 'run b', 30)])).toEqual(
      new Map([
        ['a', 20],
        ['b', 20],
      ]),
    );
  });

  it('should go by the weights of runs, and take nothing of who has less than that', () => {
    const [light, heavy] = [sharer('a', 'run a', 32), sharer('b', 'run b', 32, 1_000, 3)];
    expect(makeRoom(64, 0, [light, heavy])).toEqual(new Map([['a', 12]]));
    expect(makeRoom(64, 0, [sharer('a', 'run a', 8), sharer('b', 'run b', 56, 1_000, 3)])).toEqual(new Map([['b', 38]]));
  });

  it('should count what is free already', () => {
    expect(makeRoom(64, 32, [sharer('a', 'run a', 32)])).toEqual(new Map());
    expect(makeRoom(64, 64, [])).toEqual(new Map());
  });

  it('should leave each attempt a slot', () => {
    expect(makeRoom(4, 0, [sharer('a', 'run a', 3), sharer('b', 'run a', 1)])).toEqual(new Map([['a', 1]]));
  });
});
