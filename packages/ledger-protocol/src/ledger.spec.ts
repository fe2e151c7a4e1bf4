import { activeOf, decide, newShard } from './ledger.js';
import { type LedgerEffect, type LedgerEvent, type LedgerShard } from './ledger-types.js';

const part = { key: 'p', bytes: 1, sha256: 'x' };
const claim = (token: string, member = 'a', second = false): LedgerEvent => ({ kind: 'claim', token, member, second });
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
    expect(effectsOf(after(), claim('1'))).toEqual([{ kind: 'assigned', token: '1', number: 1 }]);
    expect(effectsOf(after(claim('1'), { kind: 'release', token: '1' }), claim('2'))).toEqual([
      { kind: 'assigned', token: '2', number: 2 },
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
    const revoked = decide(lapse(after(claim('1')), '1'), { kind: 'expire', token: '1' }).state;
    expect(effectsOf(revoked, { kind: 'renew', token: '1' })).toEqual([{ kind: 'lost', token: '1' }]);
    expect(effectsOf(after(), { kind: 'renew', token: '9' })).toEqual([{ kind: 'lost', token: '9' }]);
  });

  it('should not revoke a lease that was renewed since the sweeper looked', () => {
    expect(effectsOf(after(claim('1')), { kind: 'expire', token: '1' })).toEqual([]);
  });

  it('should revoke what ran out, and have its parts collected', () => {
    expect(effectsOf(lapse(after(claim('1')), '1'), { kind: 'expire', token: '1' })).toEqual([
      { kind: 'revoked', token: '1', reason: 'expired' },
      { kind: 'schedule_collect', token: '1' },
    ]);
  });

  it('should end the leases of a dead member only', () => {
    const both = after(claim('1'), claim('2', 'b', true));
    expect(activeOf(decide(both, { kind: 'member_died', member: 'a' }).state).map(({ token }) => token)).toEqual(['2']);
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
  const halves = [
    { first: 0, last: 4 },
    { first: 5, last: 9 },
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
    ['with a gap', after(), split([halves[0]!, { first: 6, last: 9 }]), 'ranges'],
    ['with an overlap', after(), split([halves[0]!, { first: 4, last: 9 }]), 'ranges'],
    ['beyond its end', after(), split([halves[0]!, { first: 5, last: 10 }]), 'ranges'],
    ['into one', after(), split([{ first: 0, last: 9 }]), 'ranges'],
    ['of an ended stage', after({ kind: 'stage_ended', stage: 'failed' }), split(), 'stage_ended'],
  ])('should refuse to split %s', (_, state, event, reason) => {
    expect(effectsOf(state, event)).toEqual([{ kind: 'split_refused', reason }]);
  });
});

describe('decide: the end of a stage', () => {
  it('should revoke what is active, once', () => {
    const decided = decide(after(claim('1')), { kind: 'stage_ended', stage: 'cancelled' });
    expect(decided.effects.map(({ kind }) => kind)).toEqual(['revoked', 'schedule_collect', 'schedule_purge']);
    expect(decide(decided.state, { kind: 'stage_ended', stage: 'failed' })).toEqual({ state: decided.state, effects: [] });
  });
});
