import { type HolderDecision, type HolderEffect, type HolderEvent, type HolderRows, type HolderState } from './holder-types.js';
import { ALL_RULES, type Rules } from './rules.js';

export interface HoldingOptions {
  /** Monotonic milliseconds at which the claim was sent: the lease is counted from there, so it never seems fresher than it is. */
  readonly sentAt: number;
  readonly leaseMs: number;
  /** Incarnation of the assignment's journal. */
  readonly incarnation: number;
  /** False for work without rows (sql, import, export): nothing to read or call, its work is to write the part. Default true. */
  readonly rows?: boolean;
  /** The run is paused already. Default false. */
  readonly held?: boolean;
}

/** The state of a fresh claim, and its first effect: `read_journal`, or `write_part` where there are no rows. */
export const startHolding = ({ sentAt, leaseMs, incarnation, rows = true, held = false }: HoldingOptions): HolderDecision => {
  const state: HolderState = { phase: 'reading', confirmedUntil: sentAt + leaseMs, leaseMs, incarnation, held, writes: 0 };
  return rows ? { state, effects: [{ kind: 'read_journal', incarnation }] } : writePart(state);
};

/** Whether the attempt is over: nothing that happens changes it any more. */
export const isOver = ({ phase }: HolderState): boolean => phase === 'done' || phase === 'dropped';

/**
 * What a member does with an attempt, one event at a time. Pure: no clock, no I/O, the rows are asked and not changed. The caller
 * carries out the effects in their order; an event that comes too late, twice or out of turn has none.
 */
export const holder = (state: HolderState, event: HolderEvent, rows: HolderRows, rules: Rules = ALL_RULES): HolderDecision => {
  if (isOver(state)) return same(state);
  switch (event.kind) {
    case 'journal_read':
      return journalRead(state, event, rows, rules);
    case 'begin':
      return mayCall(state, event.row, event.now, rows, rules) ? { state, effects: [{ kind: 'call', row: event.row }] } : same(state);
    case 'answered':
      return answered(state, event.row, rows);
    case 'given_up':
      return rows.inFlight(event.row) ? { state, effects: [{ kind: 'land', row: event.row }] } : same(state);
    case 'journaled':
      // An acknowledgement of a stream that is gone says nothing of the one that is there.
      return event.incarnation === state.incarnation ? { state, effects: [{ kind: 'said', rows: event.rows }] } : same(state);
    case 'incarnation':
      return incarnationTold(state, event.incarnation);
    case 'renewed':
      return { state: { ...state, confirmedUntil: Math.max(state.confirmedUntil, event.sentAt + state.leaseMs) }, effects: NONE };
    case 'lost':
      return dropped(state);
    case 'hold':
      return event.held === state.held ? same(state) : { state: { ...state, held: event.held }, effects: NONE };
    case 'hand_on':
      return { state: { ...state, phase: 'dropped' }, effects: [{ kind: 'release' }, { kind: 'drop' }] };
    case 'part_written':
      if (state.phase !== 'writing' || event.write !== state.writes) return same(state);
      return { state: { ...state, phase: 'committing' }, effects: [{ kind: 'commit', write: state.writes }] };
    case 'commit_answered':
      return commitAnswered(state, event.answer, rules);
    case 'commit_unanswered':
      return state.phase === 'committing' ? { state, effects: [{ kind: 'commit', write: state.writes }] } : same(state);
  }
};

const NONE: readonly HolderEffect[] = [];
const same = (state: HolderState): HolderDecision => ({ state, effects: NONE });
const dropped = (state: HolderState): HolderDecision => ({ state: { ...state, phase: 'dropped' }, effects: [{ kind: 'drop' }] });

const writePart = (state: HolderState): HolderDecision => {
  const writes = state.writes + 1;
  return { state: { ...state, phase: 'writing', writes }, effects: [{ kind: 'write_part', write: writes }] };
};

/** Whether a call may begin: K1, somebody else may have the shard once the lease is not known to hold. */
const mayCall = (state: HolderState, row: number, now: number, rows: HolderRows, rules: Rules): boolean =>
  state.phase === 'working' &&
  !state.held &&
  (now < state.confirmedUntil || !rules.has('fail-stop')) &&
  rows.lacks(row) &&
  !rows.inFlight(row);

const journalRead = (
  state: HolderState,
  event: Extract<HolderEvent, { kind: 'journal_read' }>,
  rows: HolderRows,
  rules: Rules,
): HolderDecision => {
  // What was read from a lost stream is read again from the new one, where living members journal once more.
  if (state.phase !== 'reading' || event.incarnation !== state.incarnation) return same(state);
  const fresh = rules.has('read-journal') ? [...new Set(event.rows)].filter((row) => rows.lacks(row)) : [];
  const taken: HolderEffect[] = fresh.length > 0 ? [{ kind: 'take', rows: fresh }] : [];
  if (fresh.length < rows.missing) return { state: { ...state, phase: 'working' }, effects: taken };
  const written = writePart(state);
  return { state: written.state, effects: [...taken, ...written.effects] };
};

const answered = (state: HolderState, row: number, rows: HolderRows): HolderDecision => {
  if (state.phase !== 'working' || !rows.lacks(row)) return same(state);
  const kept: HolderEffect = { kind: 'keep', row };
  if (rows.missing > 1) return { state, effects: [kept] };
  const written = writePart(state);
  return { state: written.state, effects: [kept, ...written.effects] };
};

const incarnationTold = (state: HolderState, incarnation: number): HolderDecision => {
  // Replies can overtake each other: an older incarnation is an older reply.
  if (incarnation <= state.incarnation) return same(state);
  const next = { ...state, incarnation };
  const effect: HolderEffect = state.phase === 'reading' ? { kind: 'read_journal', incarnation } : { kind: 'journal_again', incarnation };
  return { state: next, effects: [effect] };
};

const commitAnswered = (
  state: HolderState,
  answer: Extract<HolderEvent, { kind: 'commit_answered' }>['answer'],
  rules: Rules,
): HolderDecision => {
  if (state.phase !== 'committing') return same(state);
  switch (answer) {
    case 'committed':
      return { state: { ...state, phase: 'done' }, effects: [{ kind: 'finish' }] };
    case 'no_such_part':
      return writePart(state);
    case 'superseded':
    case 'unknown': {
      const drop = dropped(state);
      return rules.has('workers-delete-nothing') ? drop : { state: drop.state, effects: [...drop.effects, { kind: 'delete_part' }] };
    }
  }
};
