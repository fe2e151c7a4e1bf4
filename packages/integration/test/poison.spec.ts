import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { callerOf } from './support/callers.js';
import { mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 1_000;
const POISON = 437;
const MEMBERS = 2;
const SLOTS = 32;

/**
 * Real: everything but the model, whose server the test runs. One row kills whoever calls the model with it: the server sees its text, and
 * sends the process at the other end of that connection a SIGKILL, as a full memory would.
 */
describe('a row that kills its member (H17)', () => {
  let system: System;
  let model: ScriptedModel;
  /** Calls of each row. */
  const calls = new Map<number, number>();

  beforeAll(async () => {
    model = await scriptedModel();
    model.otherwise(async ({ messages }, { remotePort }) => {
      const row = Number(/from user(\d+)@/.exec(String(messages.at(-1)?.content))?.[1]);
      calls.set(row, (calls.get(row) ?? 0) + 1);
      await sleep(100);
      if (row !== POISON) return { content: { email: `user${row}@example.com` } };
      const pid = await callerOf(remotePort, await system.stack.memberPids());
      if (pid !== null) process.kill(pid, 'SIGKILL');
      return { hangUp: true };
    });
    system = await System.start({
      members: MEMBERS,
      slots: SLOTS,
      config: {
        model: 'scripted',
        models: { scripted: { baseUrl: model.url, name: 'scripted' } },
        executor: { heartbeatMs: 300 },
      },
    });
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });

  it('should fail that row alone, whoever else dies meanwhile', async () => {
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    for (const rows of [100, 300, 600]) {
      await system.untilDone(run.id, 'mails', rows);
      process.kill(await eventually(async () => (await system.stack.memberPids()).at(-1) ?? null), 'SIGKILL');
    }
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'partially_succeeded', error: null });
    expect(ended.steps[0]?.counts).toMatchObject({ ok: ROWS - 1, failed: 1, errors: { poison: 1 } });

    const rows = await system.rows(ended, 'mails');
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    expect(rows.filter(({ _status }) => _status !== 'ok')).toEqual([
      expect.objectContaining({ id: POISON, _status: 'failed', _error_code: 'poison', email: null }),
    ]);
    expect(rows.filter(({ id, email }) => Number(id) !== POISON && email !== `user${Number(id)}@example.com`)).toEqual([]);

    // Two deaths in company, one among sixteen rows, two alone; of random kills that strike it in flight it was called once more each,
    // and one that strikes its shard before it is called stands for a death. For the two alone nothing does.
    expect(calls.get(POISON)).toBeGreaterThanOrEqual(2);
    expect(calls.get(POISON)).toBeLessThanOrEqual(5 + 3);
    // Each death costs the calls in flight and 50 ms of answers, and after the first two the shard has few in flight.
    const repeated = [...calls].filter(([row]) => row !== POISON).reduce((sum, [, n]) => sum + n - 1, 0);
    expect(repeated).toBeLessThanOrEqual((2 + 3) * 2 * SLOTS + 3 * 16);
    const condemned = await system.ledger<{ first: number; last: number }>(
      `SELECT "first", "last" FROM shards WHERE suspicion = 'condemned'`,
    );
    expect(condemned).toEqual([{ first: POISON, last: POISON }]);
  });
});
