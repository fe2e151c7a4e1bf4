import { scriptedModel, type ScriptedModel } from '@apwa/test-kit';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

/** Real: everything. The offline model breaks and garbles on purpose, and enforces a limit. */
describe('a model that misbehaves', () => {
  it('should cost tries and no rows: errors, garbled answers and a rate limit', async () => {
    const system = await System.start({
      offlineModel: { errorRate: 0.05, malformedRate: 0.02, requestsPerMinute: 18_000, limitWindowMs: 1_000, latencyMs: 20, seed: 7 },
    });
    try {
      const run = await system.run({ inputs: { rows: numberedRows(1_500) }, plan: mailPlan() });
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expectEveryRowOnce(await system.rows(run, 'mails'), 1_500);
      const stats = await system.modelStats();
      expect(stats.errors).toBeGreaterThan(30);
      expect(stats.malformed).toBeGreaterThan(5);
    } finally {
      await system.stop();
    }
  });

  it('should end a run at its first calls when the key is wrong, naming the reason, with no row failed for it', async () => {
    const model: ScriptedModel = await scriptedModel();
    model.otherwise({
      status: 401,
      error: { message: 'Incorrect API key provided: sk-canary.', type: 'invalid_request_error', code: 'invalid_api_key' },
    });
    const system = await System.start({
      config: { model: 'broken', models: { broken: { baseUrl: model.url, apiKey: 'sk-canary-1234567890', name: 'scripted' } } },
    });
    try {
      const run = await system.run({ inputs: { rows: numberedRows(1_500) }, plan: mailPlan() });
      expect(run.state).toBe('failed');
      expect(run.error?.message).toMatch(/key/i);
      expect(JSON.stringify(run)).not.toContain('sk-canary-1234567890');
      expect(run.steps[0]?.counts.failed).toBe(0);
      // Both members find it out with what they began with.
      expect(model.calls).toBeLessThanOrEqual(2 * 64);
    } finally {
      await system.stop();
      await model.close();
    }
  });

  it('should end a run when its first rows all fail alike, unless the plan has a bound of its own', async () => {
    const rows = 6_000;
    const model: ScriptedModel = await scriptedModel();
    model.otherwise({ refusal: 'I cannot help with that.', delayMs: 100 });
    const system = await System.start({
      config: {
        model: 'prudish',
        models: { prudish: { baseUrl: model.url, name: 'scripted' } },
        executor: { heartbeatMs: 300 },
      },
    });
    try {
      const run = await system.run({ inputs: { rows: numberedRows(rows) }, plan: mailPlan() });
      expect(run).toMatchObject({ state: 'failed', error: { code: 'too_many_failures' } });
      expect(run.error?.message).toMatch(/rows have all failed: refused \d+; for example: scripted refused to answer/);
      expect(model.calls).toBeGreaterThanOrEqual(200);
      expect(model.calls).toBeLessThan(rows / 2);

      const plan = mailPlan();
      const [step] = plan.steps;
      const again = 'Once more: list every email address';
      if (step?.kind === 'map')
        Object.assign(step.template, {
          instructions: `${again} in this message: {{text}}`,
          retry: { stopWhenFailuresExceed: { share: 1 } },
        });
      const patient = await system.run({ inputs: { rows: numberedRows(400) }, plan });
      expect(patient.steps[0]?.counts).toMatchObject({ ok: 0, failed: 400, errors: { refused: 400 } });
      // Members may have called for the first run until they had heard of its end.
      expect(model.requests.filter((request) => JSON.stringify(request.messages).includes(again))).toHaveLength(400);
    } finally {
      await system.stop();
      await model.close();
    }
  });

  it('should end a run with the reason when nobody answers at the model’s address', async () => {
    const system = await System.start({
      config: { model: 'away', models: { away: { baseUrl: 'http://127.0.0.1:9/v1', name: 'none' } } },
    });
    try {
      const run = await system.run({ inputs: { rows: numberedRows(20) }, goal: 'List the email addresses of these messages.' });
      expect(run.state).toBe('failed');
      expect(run.error?.code).toBe('model_unreachable');
      expect(run.error?.message).toContain('127.0.0.1:9');
    } finally {
      await system.stop();
    }
  });
});
