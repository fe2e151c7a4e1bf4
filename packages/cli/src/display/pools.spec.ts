import type { PoolReport } from '@apwa/contracts';
import { columns } from '../output.js';
import { poolNotes, poolRows } from './pools.js';

const NOW = Date.parse('2026-01-01T00:05:00.000Z');
const pool = (rest: Partial<PoolReport> = {}): PoolReport => ({
  name: 'default',
  backend: 'processes',
  min: 0,
  max: 8,
  wanted: 3,
  members: { placing: 0, starting: 1, running: 2, draining: 0, restarting: 0 },
  slots: { total: 512, used: 300 },
  backlog: 12_000,
  largestMb: 211.6,
  waiting: null,
  crashLoop: null,
  lastEnd: null,
  ...rest,
});
const none = { placing: 0, starting: 0, running: 0, draining: 0, restarting: 0 };

it('should show each pool in a line', () => {
  const fixed = pool({ name: 'gpu', min: 2, max: 2, wanted: 2, members: { ...none, running: 1, draining: 1, restarting: 1 }, backlog: 0 });
  const far = pool({ name: 'far', backend: 'external', min: null, max: null, wanted: null, members: none, largestMb: null });
  const text = columns(poolRows([pool(), fixed, { ...far, slots: { total: 0, used: 0 } }]));
  expect(text.split('\n')).toEqual([
    'POOL     BACKEND    MEMBERS                              WANTED  RANGE  SLOTS USED  BACKLOG  MEMORY',
    'default  processes  2 running, 1 starting                3       0–8    300 of 512  12,000   212 MB',
    'gpu      processes  1 running, 1 draining, 1 restarting  2       2      300 of 512  0        212 MB',
    'far      external   none                                         any    0 of 0      12,000',
  ]);
});

it.each<[string, Partial<PoolReport>, string[]]>([
  ['nothing of a pool that is well', {}, []],
  [
    'how a member ended, and when',
    { lastEnd: { at: '2026-01-01T00:03:00.000Z', reason: 'it took up 900 MB (exit code 0)' } },
    ['default: the last member that ended badly did so 2 min 00 s ago: it took up 900 MB (exit code 0)'],
  ],
  [
    'what a pool waits for',
    { waiting: 'waiting for resources: 1 gpu, and no node of cluster main has as much (nodes: 2), in pool default' },
    ['default: waiting for resources: 1 gpu, and no node of cluster main has as much (nodes: 2), in pool default'],
  ],
  [
    'a crash loop with its last lines, and no more',
    {
      lastEnd: { at: '2026-01-01T00:03:00.000Z', reason: 'exit code 3' },
      crashLoop: { ends: 4, reason: 'exit code 3: no model', lastLines: ['one', 'two'], nextStartAt: '2026-01-01T00:05:12.000Z' },
    },
    [
      'default: members end at their start, 4 times in a row; the next one is started in 12 s',
      '  exit code 3: no model',
      '  | one',
      '  | two',
    ],
  ],
])('should tell %s', (_what, rest, notes) => expect(poolNotes(pool(rest), NOW)).toEqual(notes));
