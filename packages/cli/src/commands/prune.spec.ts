import { newId, type PruneReport } from '@apwa/contracts';
import { reportOf } from './prune.js';

const id = newId('table');
const report: PruneReport = {
  dryRun: false,
  counts: { tables: 1, exports: 2, runs: 0 },
  bytes: 1_234_567,
  tables: [{ id, name: 'mails', rows: 1_500, bytes: 1_234_567, createdAt: '2026-01-01T00:00:00.000Z' }],
  kept: [],
  removing: 0,
};

describe('the report of a prune', () => {
  it('should name the tables, and say what they come to', () => {
    expect(reportOf(report).split('\n')).toEqual([
      expect.stringMatching(/^TABLE +NAME +ROWS +SIZE +CREATED$/),
      expect.stringMatching(new RegExp(`^${id} +mails +1,500 +1.2 MB +2026-01-01T00:00:00.000Z$`)),
      '1 table, 2 exports and 0 runs are deleted: 1.2 MB.',
    ]);
  });

  it('should say what would go, why others stay, and what is not gone yet', () => {
    const kept = ['a', 'b', 'c'].map((name) => ({
      id,
      name,
      because: name === 'c' ? ('exported' as const) : ('made_into' as const),
      by: null,
    }));
    expect(reportOf({ ...report, dryRun: true, tables: [], kept, removing: 3 }).split('\n')).toEqual([
      '1 table, 2 exports and 0 runs would go: 1.2 MB.',
      'Kept, for they are being exported: 1 table.',
      'Kept, for tables that stay are made from them: 2 tables.',
      '3 of the tables and exports are still being removed: that goes on by itself.',
    ]);
  });

  it('should not name more than it was told', () => {
    const text = reportOf({ ...report, counts: { ...report.counts, tables: 1_200 } });
    expect(text).toContain('… and 200 more tables');
  });
});
