import { readFile } from 'node:fs/promises';
import { scriptedModel } from '@apwa/test-kit';
import { mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 100_000;
const LIMIT_MB = 200;

/** The most that a process has had resident in its life, in MiB: Linux alone tells it. */
const peakMb = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
};

/** Real: everything but the model, which answers at once: what is looked at is what rows cost manager and executor. */
describe('a run of 100,000 rows', () => {
  it('should keep manager and executor below 200 MB each', async () => {
    const model = await scriptedModel();
    model.otherwise({ content: { email: 'somebody@example.com' } });
    const system = await System.start({
      slots: 128,
      config: { model: 'quick', models: { quick: { baseUrl: model.url, name: 'scripted' } } },
    });
    try {
      const run = await system.wait((await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() })).id, 900_000);
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expect(run.steps[0]?.counts).toMatchObject({ ok: ROWS, failed: 0 });
      const { manager, executor } = system.stack.services;
      const peaks = { manager: await peakMb(manager.pid), executor: await peakMb(executor.pid) };
      expect(peaks.manager).toBeGreaterThan(0);
      expect(peaks.manager).toBeLessThan(LIMIT_MB);
      expect(peaks.executor).toBeGreaterThan(0);
      expect(peaks.executor).toBeLessThan(LIMIT_MB);
    } finally {
      await system.stop();
      await model.close();
    }
  }, 960_000);
});
