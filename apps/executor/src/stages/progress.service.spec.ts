import { noCounts, type StageCounts } from '@apwa/contracts';
import { ProgressService } from './progress.service.js';

const counts = (ok: number): StageCounts => ({ ...noCounts(), ok, calls: ok });
const held = (token: string, shardId: string, memberId = 'mbr_a') => ({ token, shardId, memberId });

describe('the progress of open shards', () => {
  let progress: ProgressService;
  beforeEach(() => {
    progress = new ProgressService();
    progress.report('mbr_a', [
      { token: 'a', counts: counts(3), calls: 0, waitsFor: null },
      { token: 'b', counts: counts(5), calls: 0, waitsFor: null },
    ]);
  });

  it('should be what their holders have reported', () => {
    expect(progress.of([held('a', 'shd_1'), held('b', 'shd_2'), held('c', 'shd_3')], []).ok).toBe(8);
  });

  it('should count what was left in the journal of those that nobody holds', () => {
    expect(progress.of([held('a', 'shd_1')], [{ shardId: 'shd_2', journaled: counts(40) }]).ok).toBe(43);
  });

  it.each([
    ['until its new holder has reported as much', 40, 40],
    ['no longer once it has', 2, 3],
  ])('should count what was left %s', (_, left, ok) => {
    expect(progress.of([held('a', 'shd_1')], [{ shardId: 'shd_1', journaled: counts(left) }]).ok).toBe(ok);
  });

  it('should be nothing of members that are gone', () => {
    progress.forget('mbr_a');
    expect(progress.of([held('a', 'shd_1')], [])).toEqual(noCounts());
  });
});
