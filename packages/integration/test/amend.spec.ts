import { type Plan } from '@apwa/contracts';
import { type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 200;
/** Rows that are declined by the first template: the stage ends long before its last row. */
const declined = (row: number): boolean => row >= 60;

/** Real: everything but the model, whose server the test runs. */
describe('a chain whose first step fails past its bound', () => {
  let system: System;
  let model: ScriptedModel;
  /** Calls for rows by what was asked, and what the planner was shown. */
  const asked = { first: [] as number[], better: [] as number[], domains: [] as number[] };
  const shown: string[] = [];

  const plan = (verb: string): Plan => {
    const [mails] = mailPlan().steps;
    if (mails?.kind !== 'map' || mails.template.mode !== 'llm') throw new Error('the plan has changed');
    const retry = { stopWhenFailuresExceed: { count: 20 } };
    const instructions = `${verb} every email address in this message: {{text}}`;
    return {
      version: 1,
      steps: [
        { ...mails, template: { ...mails.template, instructions, retry } },
        {
          id: 'domains',
          kind: 'map',
          input: 'mails',
          template: {
            mode: 'llm',
            instructions: 'Give the domain of this address: {{email}}',
            output: { type: 'object', required: ['domain'], properties: { domain: { type: 'string' } } },
          },
        },
      ],
      outputs: ['domains'],
    };
  };

  beforeAll(async () => {
    model = await scriptedModel();
    model.otherwise(({ messages, tools }) => {
      const text = String(messages.at(-1)?.content);
      if (tools?.some((tool) => tool.function.name === 'submit_amendment')) {
        shown.push(text);
        return { toolCalls: [{ name: 'submit_amendment', arguments: { reason: 'It declines to list.', plan: plan('Copy') } }] };
      }
      const row = Number(/user(\d+)@/.exec(text)?.[1]);
      if (!text.includes('about order')) {
        asked.domains.push(row);
        return { content: { domain: 'example.com' } };
      }
      const better = String(messages[0]?.content).includes('Copy every');
      asked[better ? 'better' : 'first'].push(row);
      return !better && declined(row) ? { refusal: 'I would rather not.' } : { content: { email: `user${row}@example.com` } };
    });
    system = await System.asking(model);
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });

  it('should be done with the template that the planner gives it then, and ask no row again that was ok', async () => {
    const run = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan: plan('List'), amendments: 1 });
    expect(run).toMatchObject({ state: 'succeeded', planVersion: 2, error: null });
    expect(run.amendments).toMatchObject([{ step: 'mails', cause: 'failed', outcome: 'amended', reason: 'It declines to list.' }]);
    expect(shown).toHaveLength(1);
    expect(shown[0]).toContain('"code":"refused"');
    expectEveryRowOnce(await system.rows(run, 'mails'), ROWS);
    expect((await system.rows(run, 'domains')).every(({ domain }) => domain === 'example.com')).toBe(true);
    // Parts that were committed without a failure stay.
    const kept = run.steps[0]?.counts.reused ?? 0;
    expect(asked.better).toHaveLength(ROWS - kept);
    expect(new Set(asked.better).size).toBe(asked.better.length);
  });
});
