import { CapabilityDefinition, type Fault } from '@apwa/contracts';
import { hashOfContent } from '../capabilities/content.js';
import { callsOf } from '../production/work.js';
import { type PlanContext, validatePlan } from './validate.js';

const object = (properties: Record<string, object>) => ({ type: 'object', required: Object.keys(properties), properties });
const text = { type: 'string' };
const template = (name: string, more: object = {}) => ({
  kind: 'template',
  name,
  description: 'What a text says',
  instructions: 'Sum up {{text}}',
  input: object({ text }),
  output: object({ said: text }),
  ...more,
});
const send = {
  kind: 'http',
  name: 'send',
  description: 'Sends',
  method: 'POST',
  url: 'https://api.test/',
  input: object({ text }),
  output: object({ id: text }),
};
const registered = (document: object): CapabilityDefinition => {
  const definition = CapabilityDefinition.parse(document);
  return { ...definition, registered: { version: 1, hash: hashOfContent(definition) } };
};
const kept = [
  registered(template('study', { capabilities: ['template:deeper'] })),
  registered(template('deeper', { capabilities: ['builtin:calculate'] })),
];
const context: PlanContext = {
  inputs: [{ name: 'mails', columns: [{ name: 'body', type: 'VARCHAR' }] }],
  models: ['small'],
  room: () => ({ contextTokens: 8_000, outputTokens: 1_000 }),
  register: async () => undefined,
  registry: { find: async (name) => kept.find((one) => one.name === name) ?? null, offered: async () => [] },
  requested: [],
  checkSql: async () => [],
};
const agent = (...capabilities: string[]) => ({
  id: 'read',
  kind: 'map',
  input: 'mails',
  template: { mode: 'agent', instructions: 'Read {{body}}', capabilities, output: object({ answer: text }) },
});
const check = (capabilities: object[], ...called: string[]) =>
  validatePlan({ version: 1, ...(capabilities.length > 0 ? { capabilities } : {}), steps: [agent(...called)], outputs: ['read'] }, context);
const faultsOf = async (...given: Parameters<typeof check>): Promise<Fault[]> => {
  const result = await check(...given);
  return result.valid ? [] : result.faults;
};

describe('a template among the capabilities of a plan', () => {
  it('should be called by agents, and bring to their stage what it calls itself, whoever registered that', async () => {
    const own = template('own', { capabilities: ['template:study', 'http:send'], effects: 'unsafe', model: 'small' });
    const result = await check([own, send], 'template:own');
    if (!result.valid) throw new Error(JSON.stringify(result.faults));
    expect(result.plan.capabilities?.map(({ name }) => name)).toEqual(['own', 'send', 'study', 'deeper']);
    const [step] = result.plan.steps;
    if (step?.kind !== 'map') throw new Error('no map');
    expect(callsOf(step.template, result.plan.capabilities).capabilities?.map(({ name }) => name)).toEqual([
      'own',
      'send',
      'study',
      'deeper',
    ]);
    const other = { ...step.template, capabilities: ['template:deeper'] } as typeof step.template;
    expect(callsOf(other, result.plan.capabilities).capabilities?.map(({ name }) => name)).toEqual(['deeper']);
  });

  it.each<[string, object[], Partial<Fault>]>([
    [
      'a parameter that is not there',
      [template('own', { instructions: 'Sum up {{body}}' })],
      { field: 'capabilities[0].instructions', value: '{{body}}', allowed: 'text' },
    ],
    [
      'no parameter at all',
      [template('own', { instructions: 'Sum up' })],
      { field: 'capabilities[0].instructions', allowed: 'placeholders such as {{text}}' },
    ],
    ['a model that is not there', [template('own', { model: 'tiny' })], { field: 'capabilities[0].model', value: 'tiny' }],
    [
      'a capability that is not there',
      [template('own', { capabilities: ['builtin:calculat'] })],
      { field: 'capabilities[0].capabilities[0]', value: 'builtin:calculat' },
    ],
    [
      'a capability twice',
      [template('own', { capabilities: ['builtin:calculate', 'builtin:calculate'] })],
      { field: 'capabilities[0].capabilities[1]', message: 'is named twice' },
    ],
    [
      'itself',
      [template('own', { capabilities: ['template:own'] })],
      { field: 'capabilities[0].capabilities[0]', message: 'leads back to it: template:own → template:own' },
    ],
    [
      'a way back to itself',
      [template('own', { capabilities: ['template:other'] }), template('other', { capabilities: ['builtin:calculate', 'template:own'] })],
      { field: 'capabilities[0].capabilities[0]', message: 'leads back to it: template:own → template:other → template:own' },
    ],
    [
      'what must not be called twice, without saying so',
      [template('own', { capabilities: ['http:send'] }), send],
      { field: 'capabilities[0].effects', value: 'none', allowed: 'unsafe' },
    ],
    ['no columns in its answer', [template('own', { output: { type: 'string' } })], { field: 'capabilities[0].output.type' }],
  ])('should not name %s', async (_, capabilities, fault) =>
    expect((await faultsOf(capabilities, 'template:own'))[0]).toMatchObject(fault),
  );

  it('should not be called without a model', async () => {
    const step = { ...agent(), template: { mode: 'capability', capability: 'template:own', with: { text: '{{body}}' } } };
    const result = await validatePlan({ version: 1, capabilities: [template('own')], steps: [step], outputs: ['read'] }, context);
    expect(result.valid ? [] : result.faults).toEqual([
      {
        field: 'steps[0].template.capability',
        message: 'asks a model, and is for agents to call',
        value: 'template:own',
        allowed: 'a step of mode llm with its instructions',
      },
    ]);
  });
});
