import { activeOf, decide, newShard } from './ledger.js';
import { type ChildRange, type LedgerEffect, type LedgerEvent, type LedgerShard, type Suspicion } from './ledger-types.js';

const part = { key: 'p', bytes: 1, sha256: 'x' };
const claim = (token: string, member = 'a', second = false, alone = false): LedgerEvent => ({
  kind: 'claim',
  token,
  member,
  second,
  alone,
});
const dies = (member: string, crashed = true): LedgerEvent => ({ kind: 'member_died', member, crashed });
const commit = (token: string, found = true): LedgerEvent => ({ kind: 'commit', token, part, found });
const lapse = (state: LedgerShard, token: string): LedgerShard => ({
  ...state,
  attempts: state.attempts.map((a) => (a.token === token ? { ...a, leased: false } : a)),
});
const after = (...events: LedgerEvent[]): LedgerShard =>
  events.reduce((state, event) => decide(state, event).state, newShard({ first: 0, last: 9 }));
const effectsOf = (state: LedgerShard, event: LedgerEvent): readonly LedgerEffect[] => decide(state, event).effects;
const answerOf = (state: LedgerShard, event: LedgerEvent) => effectsOf(state, event).find(({ kind }) => kind === 'commit_answer');

describe('decide: claim', () => {
  it('should make a numbered attempt', () => {
    expect(effectsOf(after(), claim('1'))).toEqual([{ kind: 'assigned', token: '1', number: 1, handling: 'ordinary' }]);
    expect(effectsOf(after(claim('1'), { kind: 'release', token: '1' }), claim('2'))).toEqual([
      { kind: 'assigned', token: '2', number: 2, handling: 'ordinary' },
    ]);
  });

  it.each<[string, LedgerShard, LedgerEvent, string]>([
    ['held by another', after(claim('1')), claim('2', 'b'), 'held'],
    ['held, its lease run out but not revoked', lapse(after(claim('1')), '1'), claim('2', 'b'), 'held'],
    ['held by the same member, asked for a second attempt', after(claim('1')), claim('2', 'a', true), 'held'],
    ['held twice', after(claim('1'), claim('2', 'b', true)), claim('3', 'c', true), 'held'],
    ['committed', after(claim('1'), commit('1')), claim('2'), 'shard_finished'],
    ['paused', after({ kind: 'control', control: 'paused' }), claim('1'), 'paused'],
    ['cancelled', after({ kind: 'control', control: 'cancelled' }), claim('1'), 'stage_ended'],
    ['of a failed stage', after({ kind: 'stage_ended', stage: 'failed' }), claim('1'), 'stage_ended'],
    ['claimed with a token that was used', after(claim('1'), { kind: 'release', token: '1' }), claim('1', 'b'), 'token_used'],
  ])('should refuse a shard that is %s', (_, state, event, reason) => {
    const decided = decide(state, event);
    expect(decided.effects).toEqual([{ kind: 'claim_refused', reason }]);
    expect(decided.state).toBe(state);
  });

  it('should give a second attempt to another member', () => {
    expect(activeOf(after(claim('1'), claim('2', 'b', true)))).toHaveLength(2);
  });
});

describe('decide: leases', () => {
  it('should renew a lease that ran out and was not revoked', () => {
    const decided = decide(lapse(after(claim('1')), '1'), { kind: 'renew', token: '1' });
    expect(decided.effects).toEqual([{ kind: 'renewed', token: '1' }]);
    expect(decided.state.attempts[0]?.leased).toBe(true);
  });

  it('should tell the holder of a revoked attempt, or of none, that it is lost', () => {
    const revoked = decide(lapse(after(claim('1')), '1'), { kind: 'expire', token: '1', crashed: false }).state;
    expect(effectsOf(revoked, { kind: 'renew', token: '1' })).toEqual([{ kind: 'lost', token: '1' }]);
    expect(effectsOf(after(), { kind: 'renew', token: '9' })).toEqual([{ kind: 'lost', token: '9' }]);
  });

  it('should not revoke a lease that was renewed since the sweeper looked', () => {
    expect(effectsOf(after(claim('1')), { kind: 'expire', token: '1', crashed: false })).toEqual([]);
  });

  it('should revoke what ran out, and have its parts collected', () => {
    expect(effectsOf(lapse(after(claim('1')), '1'), { kind: 'expire', token: '1', crashed: false })).toEqual([
      { kind: 'revoked', token: '1', reason: 'expired' },
      { kind: 'schedule_collect', token: '1' },
    ]);
  });

  it('should end the leases of a dead member only', () => {
    const both = after(claim('1'), claim('2', 'b', true));
    expect(activeOf(decide(both, dies('a')).state).map(({ token }) => token)).toEqual(['2']);
  });
});

describe('decide: commit', () => {
  it('should let the first commit win and revoke the others', () => {
    const both = after(claim('1'), claim('2', 'b', true));
    const decided = decide(both, commit('2'));
    expect(decided.state).toMatchObject({ state: 'committed', winner: '2', part });
    expect(decided.effects.map(({ kind }) => kind)).toEqual([
      'committed',
      'revoked',
      'schedule_collect',
      'schedule_collect',
      'schedule_purge',
      'commit_answer',
    ]);
    expect(answerOf(decided.state, commit('1'))).toMatchObject({ answer: 'superseded' });
  });

  it('should answer the winner again as it did the first time (H3)', () => {
    const decided = decide(after(claim('1'), commit('1')), commit('1'));
    expect(decided.effects).toEqual([{ kind: 'commit_answer', answer: 'committed' }]);
  });

  it.each<[string, LedgerShard, LedgerEvent, string]>([
    ['whose part is missing', after(claim('1')), commit('1', false), 'no_such_part'],
    ['of an unknown attempt', after(claim('1')), commit('9'), 'unknown'],
    ['of a released attempt', after(claim('1'), { kind: 'release', token: '1' }), commit('1'), 'superseded'],
    ['of a revoked attempt whose part is gone', after(claim('1'), { kind: 'release', token: '1' }), commit('1', false), 'superseded'],
    ['after a cancel', after(claim('1'), { kind: 'stage_ended', stage: 'cancelled' }), commit('1'), 'superseded'],
  ])('should refuse one %s', (_, state, event, answer) => {
    const decided = decide(state, event);
    expect(decided.effects).toEqual([{ kind: 'commit_answer', answer }]);
    expect(decided.state).toBe(state);
  });

  it('should take a commit on a lease that ran out and was not revoked', () => {
    expect(answerOf(lapse(after(claim('1')), '1'), commit('1'))).toMatchObject({ answer: 'committed' });
  });
});

describe('decide: sweeping', () => {
  it('should collect parts of revoked attempts alone, and what the winner did not name', () => {
    const due = (token: string): LedgerEvent => ({ kind: 'collect_due', token });
    expect(effectsOf(lapse(after(claim('1')), '1'), due('1'))).toEqual([]);
    expect(effectsOf(after(claim('1'), { kind: 'release', token: '1' }), due('1'))).toEqual([
      { kind: 'delete_parts', token: '1', keep: null },
    ]);
    expect(effectsOf(after(claim('1'), commit('1')), due('1'))).toEqual([{ kind: 'delete_parts', token: '1', keep: 'p' }]);
    expect(effectsOf(after(), due('1'))).toEqual([]);
  });

  it('should purge the journal of a finished shard as often as it is asked', () => {
    const done = after(claim('1'), commit('1'));
    expect(effectsOf(done, { kind: 'purge_due', openRelatives: 0 })).toEqual([{ kind: 'purge_journal' }]);
    const purged = decide(done, { kind: 'journal_purged' }).state;
    expect(effectsOf(purged, { kind: 'purge_due', openRelatives: 0 })).toEqual([{ kind: 'purge_journal' }]);
  });

  it('should keep the journal while the shard, or one of its relatives, is open', () => {
    expect(effectsOf(after(claim('1')), { kind: 'purge_due', openRelatives: 1 })).toEqual([]);
    expect(effectsOf(after(claim('1'), commit('1')), { kind: 'purge_due', openRelatives: 1 })).toEqual([]);
    const failed = after({ kind: 'stage_ended', stage: 'failed' });
    expect(effectsOf(failed, { kind: 'purge_due', openRelatives: 1 })).toEqual([{ kind: 'purge_journal' }]);
  });
});

describe('decide: split', () => {
  const halves: ChildRange[] = [
    { first: 0, last: 4, suspicion: 'none' },
    { first: 5, last: 9, suspicion: 'suspect' },
  ];
  const split = (ranges = halves): LedgerEvent => ({ kind: 'split', ranges });

  it('should replace the parent by children that cover it', () => {
    const decided = decide(after(claim('1'), { kind: 'release', token: '1' }), split());
    expect(decided).toMatchObject({ state: { state: 'retired' }, effects: [{ kind: 'create_children', ranges: halves }] });
    expect(answerOf(decided.state, commit('1'))).toMatchObject({ answer: 'superseded' });
  });

  it.each<[string, LedgerShard, LedgerEvent, string]>([
    ['while it is held', after(claim('1')), split(), 'held'],
    ['when it is committed', after(claim('1'), commit('1')), split(), 'shard_finished'],
    ['with a gap', after(), split([halves[0]!, { first: 6, last: 9, suspicion: 'none' }]), 'ranges'],
    ['with an overlap', after(), split([halves[0]!, { first: 4, last: 9, suspicion: 'none' }]), 'ranges'],
    ['beyond its end', after(), split([halves[0]!, { first: 5, last: 10, suspicion: 'none' }]), 'ranges'],
    ['into one', after(), split([{ first: 0, last: 9, suspicion: 'none' }]), 'ranges'],
    ['of an ended stage', after({ kind: 'stage_ended', stage: 'failed' }), split(), 'stage_ended'],
  ])('should refuse to split %s', (_, state, event, reason) => {
    expect(effectsOf(state, event)).toEqual([{ kind: 'split_refused', reason }]);
  });
});

/** A shard of so many rows after these events. */
const sized = (rows: number, suspicion: Suspicion, ...events: LedgerEvent[]): LedgerShard =>
  events.reduce((state, event) => decide(state, event).state, newShard({ first: 0, last: rows - 1 }, 0, suspicion));
/** A member claims, alone or not, and dies. */
const crash = (n: number, alone: boolean): LedgerEvent[] => [claim(String(n), `m${n}`, false, alone), dies(`m${n}`)];

describe('decide: suspicion', () => {
  it.each<[string, LedgerShard, Suspicion]>([
    ['nothing after one crash', sized(10, 'none', ...crash(1, false)), 'none'],
    ['a suspect after two', sized(10, 'none', ...crash(1, false), ...crash(2, false)), 'suspect'],
    ['nothing of a member that was asked to end', sized(10, 'none', claim('1'), dies('a', false), ...crash(2, false)), 'none'],
    [
      'nothing of leases that ran out and shards that were given back',
      sized(
        10,
        'none',
        ...['1', '2', '3'].flatMap((token): LedgerEvent[] => [claim(token), { kind: 'release', token }]),
        ...crash(4, false),
      ),
      'none',
    ],
    ['one to be divided after a crash alone', sized(10, 'suspect', ...crash(1, true)), 'divide'],
    ['a row that was alone once', sized(1, 'suspect', ...crash(1, true)), 'suspect'],
    ['a row that was alone twice', sized(1, 'suspect', ...crash(1, true), ...crash(2, true)), 'condemned'],
    ['a row that was never alone', sized(1, 'none', ...crash(1, true), ...crash(2, true)), 'suspect'],
    ['a row at last', sized(1, 'none', ...crash(1, false), ...crash(2, false), ...crash(3, true), ...crash(4, true)), 'condemned'],
    ['a row that stays condemned', sized(1, 'condemned', ...crash(1, false)), 'condemned'],
  ])('should make of a shard %s', (_, { suspicion }, expected) => expect(suspicion).toBe(expected));

  it('should count a holder that ran out of its lease because another process has its place', () => {
    const crashed = lapse(sized(10, 'none', ...crash(1, false), claim('2')), '2');
    expect(effectsOf(crashed, { kind: 'expire', token: '2', crashed: true })).toEqual([
      { kind: 'revoked', token: '2', reason: 'crashed' },
      { kind: 'schedule_collect', token: '2' },
      { kind: 'suspected', suspicion: 'suspect' },
    ]);
    expect(effectsOf(sized(10, 'none', ...crash(1, false), claim('2')), { kind: 'expire', token: '2', crashed: true })).toEqual([]);
  });

  it('should say when it changes', () => {
    expect(effectsOf(sized(10, 'none', ...crash(1, false), claim('2')), dies('a'))).toEqual([
      { kind: 'revoked', token: '2', reason: 'crashed' },
      { kind: 'schedule_collect', token: '2' },
      { kind: 'suspected', suspicion: 'suspect' },
    ]);
  });

  it.each<[string, LedgerShard, LedgerEvent]>([
    ['a suspect to a member that holds something', sized(10, 'suspect'), claim('1')],
    ['one that is to be divided', sized(10, 'divide'), claim('1', 'a', false, true)],
    ['a second attempt at a suspect', sized(10, 'suspect', claim('1', 'a', false, true)), claim('2', 'b', true, true)],
  ])('should not give %s', (_, state, event) => {
    expect(effectsOf(state, event)).toEqual([{ kind: 'claim_refused', reason: 'suspect' }]);
  });

  it('should say how a shard is to be treated', () => {
    const handlingOf = (state: LedgerShard, alone: boolean) => effectsOf(state, claim('1', 'a', false, alone))[0];
    expect(handlingOf(sized(10, 'none'), true)).toMatchObject({ handling: 'ordinary' });
    expect(handlingOf(sized(10, 'suspect'), true)).toMatchObject({ handling: 'alone' });
    expect(handlingOf(sized(1, 'condemned'), false)).toMatchObject({ handling: 'condemned' });
  });
});

describe('decide: the end of a stage', () => {
  it('should revoke what is active, once', () => {
    const decided = decide(after(claim('1')), { kind: 'stage_ended', stage: 'cancelled' });
    expect(decided.effects.map(({ kind }) => kind)).toEqual(['revoked', 'schedule_collect', 'schedule_purge']);
    expect(decide(decided.state, { kind: 'stage_ended', stage: 'failed' })).toEqual({ state: decided.state, effects: [] });
  });
});
