import { type Candidate, type Verdict, judge } from './verdicts.js';

const table = (id: string, rest: Partial<Candidate> = {}): Candidate => ({
  id,
  unfinished: false,
  readBy: null,
  exportedBy: null,
  busy: false,
  madeInto: [],
  ...rest,
});
const goes: Verdict = { verdict: 'goes' };
const stays = (because: Extract<Verdict, { verdict: 'stays' }>['because'], by: string | null = null): Verdict => ({
  verdict: 'stays',
  because,
  by,
});

describe('which tables go', () => {
  it.each<[string, Candidate[], Record<string, Verdict>]>([
    ['nothing wants it', [table('a')], { a: goes }],
    ['it is being made', [table('a', { unfinished: true })], { a: stays('unfinished') }],
    ['a run that has not ended reads it', [table('a', { readBy: 'run_1' })], { a: stays('read_by_run', 'run_1') }],
    ['a run is making it', [table('a', { unfinished: true, readBy: 'run_1' })], { a: stays('read_by_run', 'run_1') }],
    ['it is being exported', [table('a', { exportedBy: 'exp_1' })], { a: stays('exported', 'exp_1') }],
    ['somebody is about to use it', [table('a', { busy: true })], { a: stays('busy') }],
    ['a younger table is made from it', [table('a', { madeInto: ['young'] })], { a: stays('made_into', 'young') }],
    ['all that is made from it goes as well', [table('a', { madeInto: ['b'] }), table('b')], { a: goes, b: goes }],
    [
      'one of two that are made from it stays',
      [table('a', { madeInto: ['b', 'c'] }), table('b'), table('c', { exportedBy: 'exp_1' })],
      { a: stays('made_into', 'c'), b: goes, c: stays('exported', 'exp_1') },
    ],
    [
      'what is made from it of what is made from it stays, in whatever order they come',
      [table('b', { madeInto: ['c'] }), table('a', { madeInto: ['b'] }), table('c', { madeInto: ['young'] }), table('other')],
      { a: stays('made_into', 'b'), b: stays('made_into', 'c'), c: stays('made_into', 'young'), other: goes },
    ],
    [
      'its own reason is told before another’s',
      [table('a', { readBy: 'run_1', madeInto: ['young'] })],
      { a: stays('read_by_run', 'run_1') },
    ],
    ['there are none', [], {}],
  ])('%s', (_, candidates, expected) => {
    expect(Object.fromEntries(judge(candidates))).toEqual(expected);
  });

  it('looks at each of very many once', () => {
    const count = 20_000;
    const chain = Array.from({ length: count }, (_, n) => table(`t${n}`, { madeInto: [`t${n + 1}`] }));
    expect([...judge(chain).values()].every(({ verdict }) => verdict === 'stays')).toBe(true);
    expect([...judge([...chain, table(`t${count}`)]).values()].every(({ verdict }) => verdict === 'goes')).toBe(true);
    const wide = [table('root', { madeInto: chain.map(({ id }) => id) }), ...chain.map(({ id }) => table(id))];
    expect([...judge(wide).values()].every(({ verdict }) => verdict === 'goes')).toBe(true);
  });
});
