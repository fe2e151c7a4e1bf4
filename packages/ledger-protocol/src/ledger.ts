import { type Handling, type ShardRange } from '@apwa/contracts';
import {
  type ChildRange,
  type EndReason,
  type LedgerAttempt,
  type LedgerDecision,
  type LedgerEffect,
  type LedgerEvent,
  type LedgerShard,
  type Suspicion,
} from './ledger-types.js';
import { ALL_RULES, type Rules } from './rules.js';
import { suspicionOf } from './suspicion.js';

/** A shard as it is made: of a stage that runs, claimed by nobody. */
export const newShard = ({ first, last }: ShardRange, generation = 0, suspicion: Suspicion = 'none'): LedgerShard => ({
  state: 'open',
  range: { first, last },
  generation,
  stage: 'running',
  control: 'active',
  attempts: [],
  winner: null,
  part: null,
  purged: false,
  suspicion,
});

/**
 * Every transition of the shard ledger. Pure: no clock, no I/O. The caller holds the shard's lock from reading `state` until the
 * effects are written; an event that is too late, doubled or out of turn changes nothing, and is answered.
 */
export const decide = (state: LedgerShard, event: LedgerEvent, rules: Rules = ALL_RULES): LedgerDecision => {
  switch (event.kind) {
    case 'claim':
      return claim(state, event, rules);
    case 'renew':
      return renew(state, event.token);
    case 'expire':
      return ended(
        state,
        rules.has('sweep-expired') ? (a) => a.token === event.token && !a.leased : () => false,
        event.crashed ? 'crashed' : 'expired',
        rules,
      );
    case 'member_died':
      return ended(state, (a) => a.member === event.member, event.crashed ? 'crashed' : 'member_died', rules);
    case 'release': {
      const released = revoke(state, (a) => a.token === event.token, 'released');
      return { state: released.state, effects: [...released.effects, { kind: 'released', token: event.token }] };
    }
    case 'commit':
      return commit(state, event, rules);
    case 'collect_due':
      return collect(state, event.token, rules);
    case 'purge_due':
      return purge(state, event.openRelatives, rules);
    case 'journal_purged':
      return { state: { ...state, purged: true }, effects: [{ kind: 'purge_noted' }] };
    case 'split':
      return split(state, event.ranges);
    case 'control':
      return { state: { ...state, control: event.control }, effects: [] };
    case 'stage_ended':
      return stageEnded(state, event.stage);
  }
};

/** Attempts that hold the shard. */
export const activeOf = (state: LedgerShard): readonly LedgerAttempt[] => state.attempts.filter((a) => a.state === 'active');

/** Nothing more will come of the shard: it is committed, or stands replaced, or its stage is over. */
export const isFinished = (state: LedgerShard): boolean => state.state !== 'open' || state.stage !== 'running';

const change = (state: LedgerShard, token: string, patch: Partial<LedgerAttempt>): LedgerShard => ({
  ...state,
  attempts: state.attempts.map((a) => (a.token === token ? { ...a, ...patch } : a)),
});

const HANDLING = { none: 'ordinary', suspect: 'alone', divide: 'alone', condemned: 'condemned' } as const satisfies Record<
  Suspicion,
  Handling
>;

const claim = (state: LedgerShard, event: Extract<LedgerEvent, { kind: 'claim' }>, rules: Rules): LedgerDecision => {
  const refused = (reason: Extract<LedgerEffect, { kind: 'claim_refused' }>['reason']): LedgerDecision => ({
    state,
    effects: [{ kind: 'claim_refused', reason }],
  });
  if (state.stage !== 'running' || state.control === 'cancelled') return refused('stage_ended');
  if (state.control === 'paused') return refused('paused');
  if (state.state !== 'open') return refused('shard_finished');
  const active = activeOf(state);
  const [first] = active;
  const beside = event.second && active.length === 1 && first !== undefined && first.member !== event.member;
  if (active.length > 0 && !beside) return refused('held');
  // To be divided first; or nothing may run beside it, not even a second attempt.
  if (state.suspicion === 'divide' || (state.suspicion === 'suspect' && (!event.alone || beside))) return refused('suspect');
  if (rules.has('token-per-claim') && state.attempts.some((a) => a.token === event.token)) return refused('token_used');
  const number = state.attempts.length + 1;
  const handling = HANDLING[state.suspicion];
  const attempt: LedgerAttempt = {
    token: event.token,
    member: event.member,
    number,
    state: 'active',
    leased: true,
    ended: null,
    alone: handling === 'alone',
  };
  const others = state.attempts.filter((a) => a.token !== event.token);
  return { state: { ...state, attempts: [...others, attempt] }, effects: [{ kind: 'assigned', token: event.token, number, handling }] };
};

/** A lease that ran out can be renewed until somebody revokes it. */
const renew = (state: LedgerShard, token: string): LedgerDecision => {
  const active = activeOf(state).some((a) => a.token === token);
  if (!active) return { state, effects: [{ kind: 'lost', token }] };
  return { state: change(state, token, { leased: true }), effects: [{ kind: 'renewed', token }] };
};

const revoke = (state: LedgerShard, which: (attempt: LedgerAttempt) => boolean, reason: EndReason): LedgerDecision => {
  const chosen = activeOf(state).filter(which);
  let next = state;
  const effects: LedgerEffect[] = [];
  for (const { token } of chosen) {
    next = change(next, token, { state: 'revoked', ended: reason });
    effects.push({ kind: 'revoked', token, reason }, { kind: 'schedule_collect', token });
  }
  return { state: next, effects };
};

/** Attempts end that had a holder; what is thought of the shard may change with it. */
const ended = (state: LedgerShard, which: (attempt: LedgerAttempt) => boolean, reason: EndReason, rules: Rules): LedgerDecision => {
  const revoked = revoke(state, which, reason);
  const suspicion = suspicionOf(revoked.state, rules);
  if (suspicion === state.suspicion) return revoked;
  return { state: { ...revoked.state, suspicion }, effects: [...revoked.effects, { kind: 'suspected', suspicion }] };
};

const commit = (state: LedgerShard, event: Extract<LedgerEvent, { kind: 'commit' }>, rules: Rules): LedgerDecision => {
  const { token, part } = event;
  const answer = (answered: Extract<LedgerEffect, { kind: 'commit_answer' }>['answer']): LedgerDecision => ({
    state,
    effects: [{ kind: 'commit_answer', answer: answered }],
  });
  const attempt = state.attempts.find((a) => a.token === token);
  if (!attempt) return answer('unknown');
  // The winner asks again: its reply was lost (H3).
  if (attempt.state === 'won') return answer(rules.has('commit-idempotent') ? 'committed' : 'superseded');
  if (rules.has('commit-needs-active') && (attempt.state !== 'active' || state.state !== 'open' || state.stage !== 'running'))
    return answer('superseded');
  if (rules.has('commit-checks-part') && !event.found) return answer('no_such_part');
  const others = revoke(state, (a) => a.token !== token, 'superseded');
  const won = change(others.state, token, { state: 'won' });
  return {
    state: { ...won, state: 'committed', winner: token, part },
    effects: [
      { kind: 'committed', token, part },
      ...others.effects,
      // The winner may have written its part more than once.
      { kind: 'schedule_collect', token },
      { kind: 'schedule_purge' },
      { kind: 'commit_answer', answer: 'committed' },
    ],
  };
};

/** H4: only of attempts that can never commit, and of the winner what its commit does not name. */
const collect = (state: LedgerShard, token: string, rules: Rules): LedgerDecision => {
  const attempt = state.attempts.find((a) => a.token === token);
  if (!attempt) return { state, effects: [] };
  const mayGo = attempt.state === 'revoked' || (!rules.has('revoke-before-delete') && attempt.state === 'active' && !attempt.leased);
  if (mayGo) return { state, effects: [{ kind: 'delete_parts', token, keep: null }] };
  if (attempt.state === 'won' && state.part) return { state, effects: [{ kind: 'delete_parts', token, keep: state.part.key }] };
  return { state, effects: [] };
};

const purge = (state: LedgerShard, openRelatives: number, rules: Rules): LedgerDecision => {
  const finished = isFinished(state) && (openRelatives === 0 || state.stage !== 'running');
  if (!finished || (state.purged && !rules.has('purge-again'))) return { state, effects: [] };
  return { state, effects: [{ kind: 'purge_journal' }] };
};

/** H12: while nobody holds the shard, and its children cover all of it. */
const split = (state: LedgerShard, ranges: readonly ChildRange[]): LedgerDecision => {
  const refused = (reason: Extract<LedgerEffect, { kind: 'split_refused' }>['reason']): LedgerDecision => ({
    state,
    effects: [{ kind: 'split_refused', reason }],
  });
  if (state.stage !== 'running') return refused('stage_ended');
  if (state.state !== 'open') return refused('shard_finished');
  if (activeOf(state).length > 0) return refused('held');
  if (!covers(state.range, ranges)) return refused('ranges');
  return { state: { ...state, state: 'retired' }, effects: [{ kind: 'create_children', ranges }] };
};

/** Whether two or more ranges follow each other without gap or overlap from the parent's first subtask to its last. */
const covers = (parent: ShardRange, ranges: readonly ShardRange[]): boolean => {
  let next = parent.first;
  for (const { first, last } of ranges) {
    if (first !== next || last < first) return false;
    next = last + 1;
  }
  return ranges.length >= 2 && next === parent.last + 1;
};

const stageEnded = (state: LedgerShard, stage: Extract<LedgerEvent, { kind: 'stage_ended' }>['stage']): LedgerDecision => {
  if (state.stage !== 'running') return { state, effects: [] };
  const reason = { failed: 'stage_failed', cancelled: 'stage_cancelled', succeeded: 'superseded' } as const;
  const revoked = revoke(state, () => true, reason[stage]);
  return { state: { ...revoked.state, stage }, effects: [...revoked.effects, { kind: 'schedule_purge' }] };
};
