import { type CapabilityCalls, CapabilityPipeline } from './capability-pipeline.js';
import { ConversationBook } from './conversations.js';
import { type Intents } from './intents.js';
import { AttemptControl, type CallRules } from './control.js';

const calls = (more: Partial<CapabilityCalls> = {}): CapabilityCalls => ({
  argumentsOf: (values) => ({ text: values.text ?? null }),
  check: ({ text }) => (typeof text === 'string' ? [] : [{ field: 'text', message: 'must be string' }]),
  call: ({ text }) => ({ upper: (text as string).toUpperCase() }),
  columnsOf: ({ upper = null }) => ({ shouted: upper }),
  wrong: () => null,
  unsafe: false,
  fault: null,
  ...more,
});

const intents: Intents = { uncertain: async () => false, record: async () => true, refused: () => undefined };

const begun: number[] = [];
const rules = (more: Partial<CallRules> = {}): CallRules => ({
  begin: (row) => begun.push(row) > 0,
  join: () => true,
  land: () => undefined,
  mayCall: () => true,
  mayBegin: () => true,
  ...more,
});
const run = (
  more: Partial<CapabilityCalls> = {},
  values: Record<string, string | null> = { text: 'hi' },
  control = new AttemptControl(rules()),
) =>
  new CapabilityPipeline(calls(more), control, {
    ownerId: 'run_a',
    budget: null,
    conversations: new ConversationBook(async () => undefined),
    intents,
  }).run(7, values);

describe('a row of a capability', () => {
  beforeEach(() => begun.splice(0));

  it('should have what the capability gives, by the names of the columns, one call and no model', async () => {
    expect(await run()).toMatchObject({
      row: 7,
      status: 'ok',
      output: { shouted: 'HI' },
      error: null,
      attempts: 1,
      model: null,
      costUsd: 0,
    });
    expect(begun).toEqual([7]);
  });

  it('should wait for what the capability promises', async () => {
    expect(await run({ call: async ({ text }) => ({ upper: text ?? null }) })).toMatchObject({ output: { shouted: 'hi' } });
  });

  it('should be unknown when a call that must not be made twice was carried out, and its answer fits no column', async () => {
    const wrong = () => ({ code: 'capability_bad_output', message: 'shouted: must be string' }) as const;
    const row = await run({ unsafe: true, wrong });
    expect(row).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'unknown', message: expect.stringContaining('must be string') },
    });
  });

  it('should fail without a call when its values are no arguments', async () => {
    const call = () => {
      throw new Error('called');
    };
    expect(await run({ call }, { text: null })).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'invalid_arguments', message: 'text: must be string' },
    });
  });

  it.each([
    ['throws', { call: () => Promise.reject(new Error('out of range')) }, 'out of range'],
    ['gives what is no row', { wrong: () => ({ code: 'capability_failed' as const, message: 'gave a list' }) }, 'gave a list'],
  ])('should fail when the capability %s', async (_, more, message) => {
    expect(await run(more)).toMatchObject({ status: 'failed', output: null, attempts: 1, error: { code: 'capability_failed', message } });
  });

  it('should wait while no call may begin, and be abandoned when none will', async () => {
    let may: 'wait' | 'call' | 'never' = 'wait';
    const control = () => new AttemptControl(rules({ mayCall: () => may === 'call', mayBegin: () => may !== 'never' }));
    const [first, second] = [control(), control()];
    const waiting = run({}, { text: 'a' }, first);
    const abandoned = run({}, { text: 'b' }, second);
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual([]);
    may = 'call';
    first.ring();
    expect(await waiting).toMatchObject({ status: 'ok' });
    may = 'never';
    second.ring();
    expect(await abandoned).toBeNull();
  });
});
