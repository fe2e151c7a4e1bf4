import { makeRoom, type Move, nextMove, type Sharer, spread } from './sharing.js';

const sharer = (token: string, ownerId: string, held: number, room = 1_000): Sharer => ({ token, ownerId, held, room });
const claim = (...saturated: string[]): Move => ({ kind: 'claim', saturated });

describe('nextMove', () => {
  const [hungry, full] = [sharer('a', 'run a', 10), sharer('a', 'run a', 10, 0)];
  const other = sharer('b', 'run b', 10);
  it.each<[string, number, boolean, Sharer[], Parameters<typeof nextMove>[3], Move]>([
    ['nothing is free', 0, true, [hungry], 'unknown', { kind: 'wait' }],
    ['nobody is here', 64, true, [], 'unknown', claim()],
    ['nobody is here, and there was nothing', 64, true, [], 'for_all', { kind: 'wait' }],
    ['one run has rows at hand, and others may wait', 8, true, [hungry], 'unknown', claim('run a')],
    ['one run has rows at hand, and no other waits', 8, true, [hungry], 'for_others', { kind: 'spread' }],
    ['one run has rows at hand, others may wait, and little is free', 1, false, [hungry], 'unknown', claim('run a')],
    ['one run has rows at hand, no other waits, and little is free', 1, false, [hungry], 'for_others', { kind: 'spread' }],
    ['the only run has begun all its rows, and little is free', 1, false, [full], 'unknown', claim()],
    ['two runs are here, and little is free', 1, false, [hungry, other], 'unknown', { kind: 'spread' }],
    ['the only run has begun all its rows', 8, true, [full], 'for_others', claim()],
    ['the only run has begun all its rows, and there was nothing', 8, true, [full], 'for_all', { kind: 'wait' }],
    ['a run has rows at hand in one of its shards', 8, true, [full, hungry], 'for_others', { kind: 'spread' }],
    ['two runs are here', 8, true, [hungry, other], 'for_others', claim()],
    ['two runs are here, and there was nothing', 8, true, [hungry, other], 'for_all', { kind: 'spread' }],
  ])('when %s', (_, free, worth, sharers, emptiness, move) => {
    expect(nextMove(free, worth, sharers, emptiness)).toEqual(move);
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

  it('should count what is free already', () => {
    expect(makeRoom(64, 32, [sharer('a', 'run a', 32)])).toEqual(new Map());
    expect(makeRoom(64, 64, [])).toEqual(new Map());
  });

  it('should leave each attempt a slot', () => {
    expect(makeRoom(4, 0, [sharer('a', 'run a', 3), sharer('b', 'run a', 1)])).toEqual(new Map([['a', 1]]));
  });
});
