import { type OpenShard, type StageTail, stragglersOf } from './stragglers.js';

const MIN_AGE_MS = 5_000;
/** A round of calls takes a second; this one has taken ten. */
const late: OpenShard = {
  shardId: 'late',
  range: { first: 0, last: 9 },
  attempts: 1,
  slots: 10,
  ageMs: 10_000,
  suspect: false,
  wanted: false,
};
const tail: StageTail = { shards: 100, committed: 99, paceMs: 1_000, copies: 0, open: [late] };
const named = (name: string, change: Partial<OpenShard> = {}): OpenShard => ({ ...late, shardId: name, ...change });

const cases: [string, Partial<StageTail>, string[]][] = [
  ['a shard far behind the others', {}, ['late']],
  ['none that is young', { paceMs: 10, open: [named('a', { ageMs: 4_999 })] }, []],
  ['none at the pace of the others', { open: [named('a', { ageMs: 2_000 * 10, range: { first: 0, last: 99 } })] }, []],
  ['one past twice that pace', { open: [named('a', { ageMs: 2_001 * 10, range: { first: 0, last: 99 } })] }, ['a']],
  ['none of a stage where all is slow', { paceMs: 60_000 }, []],
  ['none while there is other work to give out', { open: [late, named('free', { attempts: 0 })] }, []],
  ['none where too few are done to compare with', { committed: 2 }, []],
  ['none that two members run already', { open: [named('a', { attempts: 2 })] }, []],
  ['none that waits for its second attempt', { open: [named('a', { wanted: true })] }, []],
  ['none that is slow on purpose', { open: [named('a', { suspect: true })] }, []],
  [
    'the latest of many, four at once',
    { open: ['a', 'b', 'c', 'd', 'e', 'f'].map((name, n) => named(name, { ageMs: 10_000 + n })) },
    ['f', 'e', 'd', 'c'],
  ],
  [
    'fewer beside those that run twice',
    { open: [named('a', { attempts: 2 }), named('b', { wanted: true }), ...'cdef'.split('').map((name) => named(name))] },
    ['c', 'd'],
  ],
  ['one tenth of the shards at most', { shards: 61, copies: 6, open: ['a', 'b'].map((name) => named(name)) }, ['a']],
  ['none once a tenth were', { copies: 10 }, []],
  [
    'four of few shards, as one member may hold several',
    { shards: 8, copies: 2, open: ['a', 'b', 'c'].map((name) => named(name)) },
    ['a', 'b'],
  ],
  ['no others of few shards', { shards: 8, copies: 4 }, []],
];

describe('stragglersOf', () => {
  it.each(cases)('should choose %s', (_, change, chosen) => expect(stragglersOf({ ...tail, ...change }, MIN_AGE_MS)).toEqual(chosen));
});
