import { Plan } from '@apwa/contracts';
import { faultsOfUnsafe, isAllowed } from './planned-unsafe.js';

const object = (properties: Record<string, object>) => ({ type: 'object', required: Object.keys(properties), properties });
const text = { type: 'string' };
const http = (name: string, more: object = {}) => ({
  kind: 'http',
  name,
  description: 'x',
  url: 'https://api.test/',
  input: object({ text }),
  output: object({ id: text }),
  ...more,
});
const template = {
  kind: 'template',
  name: 'mail',
  description: 'x',
  instructions: 'Mail {{text}}',
  capabilities: ['http:send'],
  effects: 'unsafe',
};
const capabilities = [
  http('send', { method: 'POST' }),
  http('look'),
  http('put', { method: 'PUT' }),
  { ...template, input: object({ text }), output: object({ id: text }) },
];
const agent = (...named: string[]) => ({
  id: 'agents',
  kind: 'map',
  input: 'rows',
  template: { mode: 'agent', instructions: 'Do {{text}}', capabilities: named, output: object({ done: text }) },
});
const call = (capability: string) => ({
  id: 'calls',
  kind: 'map',
  input: 'rows',
  template: { mode: 'capability', capability, with: { text: '{{text}}' } },
});
const plan = (...steps: object[]) => Plan.parse({ version: 1, capabilities, steps, outputs: ['calls'] });

describe('what must not be called twice, in the plan of a planner', () => {
  it.each<[string, Plan, string, string]>([
    ['a step', plan(call('http:send')), 'steps[0].template.capability', 'http:send'],
    ['an agent', plan(call('http:look'), agent('http:put', 'http:send')), 'steps[1].template.capabilities', 'http:send'],
  ])('should be a fault that names it where %s calls it', (_, given, field, value) => {
    expect(faultsOfUnsafe(given, false)).toMatchObject([{ field, value, allowed: expect.stringContaining('allowUnsafe') as string }]);
  });

  it('should be found behind a template that calls it', () => {
    expect(faultsOfUnsafe(plan(agent('template:mail')), false).map(({ value }) => value)).toEqual(['template:mail', 'http:send']);
    expect(faultsOfUnsafe(plan(agent('template:mail')), ['template:mail']).map(({ value }) => value)).toEqual(['http:send']);
  });

  it('should be allowed by the run, all of it or by name, and no other', () => {
    const given = plan(call('http:send'));
    expect(faultsOfUnsafe(given, true)).toEqual([]);
    expect(faultsOfUnsafe(given, ['http:send'])).toEqual([]);
    expect(faultsOfUnsafe(given, ['http:other'])).toHaveLength(1);
    expect(faultsOfUnsafe(plan(call('http:look'), agent('http:put')), false)).toEqual([]);
  });

  it('should stay where it stood before, and come in no other step', () => {
    const before = plan(call('http:send'));
    expect(faultsOfUnsafe(plan(call('http:send')), false, before)).toEqual([]);
    expect(faultsOfUnsafe(plan(call('http:send'), agent('http:send')), false, before)).toMatchObject([
      { field: 'steps[1].template.capabilities' },
    ]);
  });

  it('should be shown to planners where it is allowed alone', () => {
    const send = { id: 'http:send', effects: 'unsafe' } as const;
    expect([false, true, ['http:send'], ['http:x']].map((allow) => isAllowed(send, allow))).toEqual([false, true, true, false]);
    expect(isAllowed({ id: 'http:put', effects: 'idempotent' }, false)).toBe(true);
  });
});
