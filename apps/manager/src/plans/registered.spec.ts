import { type CapabilityDefinition, CapabilityDefinition as Definition, type Fault, RefusedError } from '@apwa/contracts';
import { hashOfContent } from '../capabilities/content.js';
import { type Registry } from './registered.js';
import { type PlanContext, validatePlan } from './validate.js';

const object = (properties: Record<string, object>) => ({ type: 'object', required: Object.keys(properties), properties });
const luhn = {
  kind: 'javascript',
  name: 'luhn',
  description: 'Whether a check digit is right',
  input: object({ number: { type: 'string' } }),
  output: object({ valid: { type: 'boolean' } }),
  source: 'function run() { return { valid: true }; }',
};
const customer = {
  kind: 'http',
  name: 'customer',
  description: 'A customer',
  url: 'https://crm.example.com/customers',
  secrets: [{ name: 'CRM_KEY', as: 'x-key' }],
  input: object({}),
  output: object({ name: { type: 'string' } }),
};

const versionOf = (document: object, version: number): CapabilityDefinition => {
  const definition = Definition.parse(document);
  return { ...definition, registered: { version, hash: hashOfContent(definition) } };
};
const kept = [versionOf(luhn, 1), versionOf({ ...luhn, description: 'As it is now' }, 2), versionOf(customer, 1)];
const looked: string[] = [];
const registry: Registry = {
  find: async (name, version) => {
    looked.push(name);
    const all = kept.filter((one) => one.name === name);
    return (version === undefined ? all.at(-1) : all.find(({ registered }) => registered?.version === version)) ?? null;
  },
  offered: async () => [
    { id: 'javascript:luhn', description: '' },
    { id: 'http:customer', description: '' },
  ],
};
const context: PlanContext = {
  inputs: [{ name: 'cards', columns: [{ name: 'number', type: 'VARCHAR' }] }],
  models: [],
  room: () => ({ contextTokens: 8_000, outputTokens: 1_000 }),
  register: async ({ name }) => {
    if (name === 'customer')
      throw new RefusedError('unknown_secret', 'is not configured', { field: 'secrets[0].name', value: 'CRM_KEY', allowed: 'none' });
  },
  registry,
  requested: [],
  checkSql: async () => [],
};
const call = (capability: string, given: object = {}) => ({
  id: 'checked',
  kind: 'map',
  input: 'cards',
  template: { mode: 'capability', capability, with: given },
});
const agent = (capabilities: string[]) => ({
  id: 'checked',
  kind: 'map',
  input: 'cards',
  template: { mode: 'agent', instructions: 'Look at {{number}}', capabilities, output: object({ said: { type: 'string' } }) },
});
const number = { number: '{{number}}' };
const planOf = (step: object, capabilities?: object[]) => ({
  version: 1,
  ...(capabilities ? { capabilities } : {}),
  steps: [step],
  outputs: ['checked'],
});
const check = (step: object, capabilities?: object[]) => validatePlan(planOf(step, capabilities), context);
const heldBy = async (step: object, capabilities?: object[]) => {
  const result = await check(step, capabilities);
  if (!result.valid) throw new Error(JSON.stringify(result.faults));
  return result.plan.capabilities;
};
const faultsOf = async (step: object, capabilities?: object[]): Promise<Fault[]> => {
  const result = await check(step, capabilities);
  return result.valid ? [] : result.faults;
};

describe('registered capabilities in a plan', () => {
  beforeEach(() => looked.splice(0));

  it('should be named as built-in ones are, and stand in the plan with their content from then on', async () => {
    expect(await heldBy(call('javascript:luhn', number))).toEqual([kept[1]]);
    expect(await heldBy(agent(['javascript:luhn', 'builtin:calculate']))).toEqual([kept[1]]);
  });

  it('should be of the version that the plan names', async () => {
    expect(await heldBy(call('javascript:luhn', number), [{ kind: 'registered', name: 'luhn', version: 1 }])).toEqual([kept[0]]);
    expect(await heldBy(call('javascript:luhn', number), [{ kind: 'registered', name: 'luhn' }])).toEqual([kept[1]]);
  });

  it('should be the same again where a plan that was checked is given, though there is a newer one', async () => {
    expect(await heldBy(call('javascript:luhn', number), [kept[0] as object])).toEqual([kept[0]]);
    expect(looked).toEqual([]);
  });

  it('should be the plan’s own once somebody has changed them', async () => {
    const [held] = (await heldBy(call('javascript:luhn', number), [{ ...kept[0], description: 'Mine' }])) ?? [];
    expect(held).toMatchObject({ description: 'Mine' });
    expect(held).not.toHaveProperty('registered');
  });

  it('should not be looked for where the plan brings one of that name, or calls what is built in', async () => {
    expect(await heldBy(call('javascript:luhn', number), [luhn])).toEqual([Definition.parse(luhn)]);
    expect(await heldBy(call('builtin:text_length', { text: '{{number}}' }))).toBeUndefined();
    expect(looked).toEqual([]);
  });

  it.each<[string, object, object[] | undefined, Partial<Fault>]>([
    [
      'no name',
      call('javascript:lunh', number),
      undefined,
      {
        field: 'steps[0].template.capability',
        value: 'javascript:lunh',
        allowed: expect.stringContaining('did you mean javascript:luhn?') as string,
      },
    ],
    [
      'a name of another kind',
      agent(['python:luhn']),
      undefined,
      { field: 'steps[0].template.capabilities[0]', value: 'python:luhn', allowed: expect.stringContaining('javascript:luhn') as string },
    ],
    [
      'no name among what is brought',
      call('builtin:identity', { value: 1 }),
      [{ kind: 'registered', name: 'custmer' }],
      { field: 'capabilities[0].name', value: 'custmer', allowed: 'luhn, customer (did you mean customer?)' },
    ],
    [
      'no version',
      call('javascript:luhn', number),
      [{ kind: 'registered', name: 'luhn', version: 9 }],
      { field: 'capabilities[0].version', value: '9', allowed: 'one up to 2, the newest' },
    ],
    [
      'a key of no reference',
      call('javascript:luhn', number),
      [{ kind: 'registered', name: 'luhn', verison: 1 }],
      { field: 'capabilities[0].verison', allowed: expect.stringContaining('version') as string },
    ],
    [
      'one twice',
      call('javascript:luhn', number),
      [luhn, { kind: 'registered', name: 'luhn' }],
      { field: 'capabilities[1].name', value: 'luhn' },
    ],
    [
      'one whose secret is missing',
      call('http:customer'),
      undefined,
      {
        field: 'steps[0].template.capability',
        message: 'is customer@1, whose secrets[0].name is wrong: is not configured',
        value: 'CRM_KEY',
      },
    ],
    ['a wrong argument', call('javascript:luhn', { nr: '{{number}}' }), undefined, { field: 'steps[0].template.with.nr' }],
  ])('should be refused before anything runs: %s', async (_, step, capabilities, fault) => {
    expect(await faultsOf(step, capabilities)).toContainEqual(expect.objectContaining(fault));
  });

  it('should count among what a plan may have', async () => {
    const own = Array.from({ length: 20 }, (_, at) => ({ ...luhn, name: `own_${at}` }));
    expect(await faultsOf(call('javascript:luhn', number), own)).toContainEqual(
      expect.objectContaining({ field: 'capabilities', value: '21', allowed: '20 at most' }),
    );
  });
});
