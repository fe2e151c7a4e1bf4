import { holder, isOver, startHolding } from './holder.js';
import { type HolderEffect, type HolderEvent, type HolderState } from './holder-types.js';
import { RowBook } from './row-book.js';

/** An attempt at rows 10 to 12, its lease confirmed up to 100. */
const attempt = (options: { rows?: boolean } = {}) => {
  const rows = new RowBook({ first: 10, last: 12 });
  const begun = startHolding({ sentAt: 0, leaseMs: 100, incarnation: 1, ...options });
  let state: HolderState = begun.state;
  return {
    rows,
    first: begun.effects,
    get state() {
      return state;
    },
    on(event: HolderEvent): readonly HolderEffect[] {
      const decided = holder(state, event, rows);
      state = decided.state;
      rows.apply(decided.effects);
      return decided.effects;
    },
  };
};
const working = () => {
  const a = attempt();
  a.on({ kind: 'journal_read', incarnation: 1, rows: [] });
  return a;
};
const answer = (a: ReturnType<typeof attempt>, ...rows: number[]) => {
  let effects: readonly HolderEffect[] = [];
  for (const row of rows) {
    a.on({ kind: 'begin', row, now: 0 });
    effects = a.on({ kind: 'answered', row });
  }
  return effects;
};

describe('holder', () => {
  it('should read, call what is missing, write and commit', () => {
    const a = attempt();
    expect(a.first).toEqual([{ kind: 'read_journal', incarnation: 1 }]);
    expect(a.on({ kind: 'journal_read', incarnation: 1, rows: [11, 11, 99] })).toEqual([{ kind: 'take', rows: [11] }]);
    expect(a.on({ kind: 'begin', row: 11, now: 0 })).toEqual([]);
    expect(a.on({ kind: 'begin', row: 10, now: 0 })).toEqual([{ kind: 'call', row: 10 }]);
    expect(a.on({ kind: 'begin', row: 10, now: 0 })).toEqual([]);
    expect(a.on({ kind: 'answered', row: 10 })).toEqual([{ kind: 'keep', row: 10 }]);
    expect(answer(a, 12)).toEqual([
      { kind: 'keep', row: 12 },
      { kind: 'write_part', write: 1 },
    ]);
    expect(a.on({ kind: 'part_written', write: 1 })).toEqual([{ kind: 'commit', write: 1 }]);
    expect(a.on({ kind: 'commit_unanswered' })).toEqual([{ kind: 'commit', write: 1 }]);
    expect(a.on({ kind: 'commit_answered', answer: 'committed' })).toEqual([{ kind: 'finish' }]);
    expect(isOver(a.state)).toBe(true);
  });

  it('should go straight to its part when the journal has every row', () => {
    const effects = attempt().on({ kind: 'journal_read', incarnation: 1, rows: [10, 11, 12] });
    expect(effects.at(-1)).toEqual({ kind: 'write_part', write: 1 });
  });

  it('should begin with the part where there are no rows', () => {
    expect(attempt({ rows: false }).first).toEqual([{ kind: 'write_part', write: 1 }]);
  });

  it('should begin no call once its lease is not known to hold (K1), and go on when it is', () => {
    const a = working();
    expect(a.on({ kind: 'begin', row: 10, now: 99 })).toHaveLength(1);
    expect(a.on({ kind: 'begin', row: 11, now: 100 })).toEqual([]);
    a.on({ kind: 'renewed', sentAt: 50 });
    a.on({ kind: 'renewed', sentAt: 20 });
    expect(a.on({ kind: 'begin', row: 11, now: 149 })).toHaveLength(1);
    expect(a.on({ kind: 'begin', row: 12, now: 150 })).toEqual([]);
  });

  it('should begin nothing while it is held', () => {
    const a = working();
    a.on({ kind: 'hold', held: true });
    expect(a.on({ kind: 'begin', row: 10, now: 0 })).toEqual([]);
    a.on({ kind: 'hold', held: false });
    expect(a.on({ kind: 'begin', row: 10, now: 0 })).toHaveLength(1);
  });

  it('should be able to begin a row again that was given up', () => {
    const a = working();
    a.on({ kind: 'begin', row: 10, now: 0 });
    a.on({ kind: 'given_up', row: 10 });
    expect(a.rows.flying).toBe(0);
    expect(a.on({ kind: 'begin', row: 10, now: 0 })).toHaveLength(1);
  });

  it('should journal all it knows again when the journal was lost', () => {
    const a = attempt();
    a.on({ kind: 'journal_read', incarnation: 1, rows: [10] });
    answer(a, 11);
    a.on({ kind: 'journaled', incarnation: 1, rows: [11] });
    expect(a.rows.unsaid).toBe(0);
    expect(a.on({ kind: 'incarnation', incarnation: 2 })).toEqual([{ kind: 'journal_again', incarnation: 2 }]);
    expect(a.rows.unsaid).toBe(2);
    expect(a.on({ kind: 'journaled', incarnation: 1, rows: [11] })).toEqual([]);
    expect(a.rows.unsaid).toBe(2);
    a.on({ kind: 'journaled', incarnation: 2, rows: [10, 11] });
    expect(a.rows.unsaid).toBe(0);
    expect(a.on({ kind: 'incarnation', incarnation: 1 })).toEqual([]);
  });

  it('should read the new journal when the old one is lost before it was read', () => {
    const a = attempt();
    expect(a.on({ kind: 'incarnation', incarnation: 2 })).toEqual([{ kind: 'read_journal', incarnation: 2 }]);
    expect(a.on({ kind: 'journal_read', incarnation: 1, rows: [10] })).toEqual([]);
    expect(a.state.phase).toBe('reading');
  });

  it('should write its part again under another number when the store has none', () => {
    const a = working();
    answer(a, 10, 11, 12);
    a.on({ kind: 'part_written', write: 1 });
    expect(a.on({ kind: 'commit_answered', answer: 'no_such_part' })).toEqual([{ kind: 'write_part', write: 2 }]);
    expect(a.on({ kind: 'part_written', write: 1 })).toEqual([]);
    expect(a.on({ kind: 'part_written', write: 2 })).toEqual([{ kind: 'commit', write: 2 }]);
  });

  it.each<HolderEvent>([
    { kind: 'lost' },
    { kind: 'commit_answered', answer: 'superseded' },
    { kind: 'commit_answered', answer: 'unknown' },
  ])('should drop the attempt and delete nothing on %p', (event) => {
    const a = working();
    answer(a, 10, 11, 12);
    a.on({ kind: 'part_written', write: 1 });
    expect(a.on(event)).toEqual([{ kind: 'drop' }]);
    expect(a.on({ kind: 'part_written', write: 1 })).toEqual([]);
    expect(a.on({ kind: 'renewed', sentAt: 1 })).toEqual([]);
  });

  it('should give the shard back when its member drains', () => {
    expect(working().on({ kind: 'hand_on' })).toEqual([{ kind: 'release' }, { kind: 'drop' }]);
  });
});

describe('RowBook', () => {
  it('should count what is missing, flying and unsaid', () => {
    const a = working();
    expect(a.rows).toMatchObject({ missing: 3, flying: 0, unsaid: 0 });
    a.on({ kind: 'begin', row: 10, now: 0 });
    expect(a.rows).toMatchObject({ missing: 3, flying: 1, unsaid: 0 });
    a.on({ kind: 'answered', row: 10 });
    expect(a.rows).toMatchObject({ missing: 2, flying: 0, unsaid: 1 });
    const copy = a.rows.clone();
    a.on({ kind: 'journaled', incarnation: 1, rows: [10, 11] });
    expect(a.rows).toMatchObject({ missing: 2, flying: 0, unsaid: 0 });
    expect(a.rows.said(11)).toBe(false);
    expect(copy).toMatchObject({ missing: 2, unsaid: 1 });
  });
});
