import { type Plan } from '@apwa/contracts';
import { eventually, scriptedModel, type ScriptedModel } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

jest.setTimeout(240_000);

const ROWS = 1_280;
const SLOTS = 64;
const MEMBERS = 2;

/** Each row is asked for its mail address, and each address to be said again. */
const chain = (): Plan => {
  const { steps } = mailPlan();
  const output = { type: 'object', required: ['said'], properties: { said: { type: 'string' } } };
  const template = { mode: 'llm' as const, instructions: 'Say again: {{email}}', output };
  return { version: 1, steps: [...steps, { id: 'again', kind: 'map', input: 'mails', template }], outputs: ['again'] };
};

/** Real: everything but the model, each service a process. */
describe('a chain of steps that go row by row', () => {
  let system: System;
  let model: ScriptedModel;
  const calls = new Map<string, number>();
  /** What the server does with a call before it answers. */
  let before: (step: 'mails' | 'again', row: number) => Promise<void>;

  beforeAll(async () => {
    model = await scriptedModel();
    model.otherwise(async ({ messages }) => {
      const text = String(messages.at(-1)?.content);
      const row = Number(/user(\d+)@/.exec(text)?.[1]);
      const step = text.includes('Message') ? 'mails' : 'again';
      calls.set(`${step} ${row}`, (calls.get(`${step} ${row}`) ?? 0) + 1);
      await before(step, row);
      const address = `user${row}@example.com`;
      return { content: step === 'mails' ? { email: address } : { said: address } };
    });
    const models = { scripted: { baseUrl: model.url, name: 'scripted', timeoutMs: 120_000 } };
    system = await System.start({ members: MEMBERS, slots: SLOTS, config: { model: 'scripted', models } });
  });
  beforeEach(() => calls.clear());
  afterAll(async () => {
    await system.stop();
    await model.close();
  });

  const expectEnd = async (id: string): Promise<void> => {
    const ended = await system.wait(id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(ended, 'again');
    expectEveryRowOnce(rows, ROWS);
    expect(rows.filter(({ said, email }) => said !== email)).toEqual([]);
  };

  it('should be nearly done while a row of the first step takes its time, and readable as far as it is', async () => {
    const slow = Promise.withResolvers<void>();
    before = async (step, row) => {
      if (step === 'mails' && row === 200) await slow.promise;
    };
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: chain() });
    try {
      await system.untilDone(run.id, 'again', Math.ceil(ROWS * 0.99));
      const { steps } = await system.client.runs.get(run.id);
      expect(steps[0]).toMatchObject({ id: 'mails', state: 'running' });
      const head = await system.client.tables.head(steps[1]?.tableId ?? '', 20);
      expect(head.rows.map(({ said }) => said)).toEqual(Array.from({ length: 20 }, (_, row) => `user${row}@example.com`));
    } finally {
      slow.resolve();
    }
    await expectEnd(run.id);
  });

  it('should have every row of both steps once, though a member and the executor die in the middle', async () => {
    before = () => new Promise((resolve) => setTimeout(resolve, 100));
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: chain() });
    await system.untilDone(run.id, 'again', 100);
    const [member] = await system.stack.memberPids();
    process.kill(member as number, 'SIGKILL');
    await eventually(async () => !(await system.stack.memberPids()).includes(member as number));
    await system.untilDone(run.id, 'again', 300);
    await system.stack.services.executor.kill();
    await system.stack.services.executor.restart();
    await expectEnd(run.id);
    // One member's calls at its death, both members' at the executor's, and 50 ms of answers each time.
    const repeated = [...calls.values()].reduce((sum, n) => sum + n - 1, 0);
    expect(repeated).toBeLessThanOrEqual(2 * (SLOTS + MEMBERS * SLOTS));
    expect(calls.size).toBe(2 * ROWS);
  });
});
