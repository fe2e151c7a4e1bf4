import { newId, newLeaseToken } from './ids.js';
import { INLINE_BYTES, JournalBatch, journalStream, journalSubject, journalSubjects } from './journal.js';
import { executorOperations, operations, workHint } from './messages.js';
import { Run, RunPause, RunRequest } from './run.js';
import { addCounts, noCounts, noUsage, sizeOf } from './stage.js';

describe('operations', () => {
  it('should have one subject each, which names its service', () => {
    const subjects = operations.map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    for (const { subject, service } of operations) expect(subject).toMatch(new RegExp(`^apwa\\.${service}\\.[a-z_]+$`));
  });

  it('should refuse unknown keys in every request', () => {
    for (const { request, subject } of operations) {
      const result = request.safeParse({ surelyUnknown: 1 });
      expect([subject, result.error?.issues.some((issue) => issue.code === 'unrecognized_keys')]).toEqual([subject, true]);
    }
  });

  it('should refuse ids and pools that would reach into other subjects', () => {
    const claim = { memberId: newId('member'), freeSlots: 1, lane: 'standard' };
    expect(executorOperations.claim.request.safeParse(claim).success).toBe(true);
    for (const memberId of ['mbr_*', 'mbr_a.b', 'mbr_>', 'run_x', 'mbr_../x', 'mbr_a\u0000', 'MBR_A'])
      expect(executorOperations.claim.request.safeParse({ ...claim, memberId }).success).toBe(false);
    expect(() => workHint('a.>')).toThrow();
    expect(workHint('default').subject).toBe('apwa.notice.work.default');
  });

  it('should refuse a claim without free slots', () => {
    expect(executorOperations.claim.request.safeParse({ memberId: newId('member'), freeSlots: 0, lane: 'standard' }).success).toBe(false);
  });
});

describe('ids', () => {
  it('should sort by time and never repeat', () => {
    const ids = Array.from({ length: 1_000 }, () => newId('shard'));
    expect(new Set(ids).size).toBe(1_000);
    expect(newId('run').length).toBe(newId('run').length);
  });
});

describe('journal', () => {
  const row = {
    row: 3,
    status: 'ok',
    output: { a: [1, { b: null }] },
    error: null,
    attempts: 1,
    model: 'm',
    usage: noUsage(),
    usageEstimated: false,
    costUsd: 0,
    latencyMs: 1,
    traceId: null,
  };
  it('should take rows or a reference to them', () => {
    const batch = { token: newLeaseToken(), sequence: 0 };
    expect(JournalBatch.safeParse({ ...batch, rows: [row] }).success).toBe(true);
    expect(JournalBatch.safeParse({ ...batch, rows: { key: 'journal/x' } }).success).toBe(true);
    expect(JournalBatch.safeParse({ ...batch, rows: [{ ...row, row: -1 }] }).success).toBe(false);
    expect(JournalBatch.safeParse({ ...batch, rows: [row], token: 'short' }).success).toBe(false);
    expect(INLINE_BYTES).toBeLessThan(1024 * 1024);
  });

  it('should carry the incarnation in stream and subjects', () => {
    expect(journalStream(7)).toBe('APWA_JOURNAL_g7');
    expect(journalSubject(7, 'stg_a', 'shd_b', 'c').startsWith(journalSubjects(7).slice(0, -1))).toBe(true);
  });
});

describe('counts', () => {
  it('should add up', () => {
    const examples = { empty: 'nothing there' };
    const a = {
      ...noCounts(),
      ok: 2,
      failed: 1,
      errors: { empty: 1 },
      examples,
      calls: 3,
      costUsd: 0.5,
      usage: { ...noUsage(), input: 5 },
    };
    expect(addCounts(a, { ...a, errors: { empty: 1, refused: 1 }, examples: { empty: 'another', refused: 'no' } })).toEqual({
      ok: 4,
      failed: 2,
      errors: { empty: 2, refused: 1 },
      examples: { empty: 'nothing there', refused: 'no' },
      calls: 6,
      costUsd: 1,
      usage: { ...noUsage(), input: 10 },
    });
    expect(sizeOf({ first: 3, last: 3 })).toBe(1);
  });
});

describe('RunRequest', () => {
  const inputs = [{ name: 'messages', table: newId('table') }];
  it('should take a goal or a plan', () => {
    expect(RunRequest.parse({ goal: 'Count them.', inputs })).toMatchObject({
      approval: 'auto',
      stopAfter: 'steps',
      outputs: [],
      limits: {},
    });
  });

  it.each([
    ['neither goal nor plan', { inputs }, 'goal'],
    ['an empty goal', { goal: '', inputs }, 'goal'],
    ['a goal that is too long', { goal: 'x'.repeat(20_001), inputs }, 'goal'],
    ['two inputs of one name', { goal: 'x', inputs: [...inputs, ...inputs] }, 'inputs'],
    ['a concurrency of zero', { goal: 'x', inputs, limits: { concurrency: 0 } }, 'limits'],
    ['a weight of zero', { goal: 'x', inputs, limits: { weight: 0 } }, 'limits'],
    ['an unknown approval', { goal: 'x', inputs, approval: 'maybe' }, 'approval'],
  ])('should refuse %s', (_, request, field) => {
    expect(RunRequest.safeParse(request).error?.issues[0]?.path[0]).toBe(field);
  });

  it('should know of a pause who paused the run, and refuse other reasons', () => {
    const pause = { reason: 'budget', message: 'The budget is used up.', since: new Date(0).toISOString() };
    expect(RunPause.parse(pause)).toEqual(pause);
    expect(RunPause.safeParse({ ...pause, reason: 'weather' }).success).toBe(false);
    expect(RunPause.safeParse({ ...pause, since: 'yesterday' }).success).toBe(false);
  });

  it('should refuse a run of another shape', () => {
    expect(Run.safeParse({}).success).toBe(false);
  });
});
