import { type Plan } from '@apwa/contracts';
import { ensureS3Binary, INSTALL_TIMEOUT_MS, S3Server } from '@apwa/test-kit';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const plan: Plan = {
  ...mailPlan(),
  steps: [
    ...mailPlan().steps,
    { id: 'counts', kind: 'sql', inputs: ['mails'], query: 'SELECT count(*) AS n, count(DISTINCT email) AS mails FROM mails' },
  ],
  outputs: ['mails', 'counts'],
};

/** Real: everything, an S3 server included. No service shares a folder with another. */
describe('a run over S3', () => {
  beforeAll(ensureS3Binary, INSTALL_TIMEOUT_MS);

  it('should end with every row once although a member is killed, and hand its files out', async () => {
    await using s3 = await S3Server.start();
    const system = await System.start({ config: { storage: s3.options('whole-run') }, offlineModel: { latencyMs: 100 } });
    try {
      const submitted = await system.submit({ inputs: { rows: numberedRows(1_500) }, plan, outputs: [{ format: 'csv' }] });
      await system.untilDone(submitted.id, 'mails', 200);
      const [member] = await system.stack.memberPids();
      process.kill(member as number, 'SIGKILL');
      const run = await system.wait(submitted.id);
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expectEveryRowOnce(await system.rows(run, 'mails'), 1_500);
      expect(await system.rows(run, 'counts')).toMatchObject([{ n: 1_500, mails: 1_500 }]);
      const file = run.outputs.find(({ step }) => step === 'counts')?.exportId ?? '';
      expect(await new Response(await system.client.tables.content(file)).text()).toBe('n,mails\n1500,1500\n');
    } finally {
      await system.stop();
    }
  }, 300_000);
});
