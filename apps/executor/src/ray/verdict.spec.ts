import { type RayJob } from '@apwa/ray';
import { type Findings, SILENT_MS, START_MS, verdictOn } from './verdict.js';

const job = (status: RayJob['status'], message: string | null = null): RayJob => ({ submissionId: 'f', status, message });
const living: Findings = { silentMs: 0, answered: true, session: 's1', submittedIn: 's1', healthy: true, job: job('RUNNING') };

describe('verdictOn', () => {
  it.each<[string, Partial<Findings>, string]>([
    ['whose cluster can say nothing', { healthy: false, session: 's2', job: null }, 'wait'],
    ['of a cluster that was started anew', { session: 's2' }, 'gone'],
    ['that Ray does not know', { job: null }, 'gone'],
    ['that ended', { job: job('SUCCEEDED') }, 'gone'],
    ['that was stopped', { job: job('STOPPED') }, 'gone'],
    ['that failed', { job: job('FAILED', 'no module') }, 'gone'],
    ['that was silent for a moment', { silentMs: SILENT_MS - 1 }, 'wait'],
    ['that was silent for long', { silentMs: SILENT_MS }, 'replace'],
    ['that is on its way', { answered: false, silentMs: START_MS - 1, job: job('PENDING') }, 'wait'],
    ['that never came up', { answered: false, silentMs: START_MS }, 'replace'],
  ])('should judge one %s', (_, findings, kind) => {
    expect(verdictOn({ ...living, ...findings }).kind).toBe(kind);
  });

  it('should tell a fault of the fabric from the end of its cluster', () => {
    expect(verdictOn({ ...living, job: job('FAILED', 'no module') })).toEqual({ kind: 'gone', why: 'no module', failed: true });
    expect(verdictOn({ ...living, job: null })).toMatchObject({ failed: false });
  });
});
