import { newId } from './ids.js';
import { Plan } from './plan.js';
import { AddCapabilityRequest, CapabilityQuery, CapabilityScope, CapabilityVersionQuery } from './registry.js';

const schema = { type: 'object', properties: { text: { type: 'string' } } };
const definition = { kind: 'javascript', name: 'shout', description: 'x', source: 'function run() {}', input: schema, output: schema };
const step = { id: 'a', kind: 'table', rows: [{ n: 1 }] };
const planOf = (capability: object) => ({ version: 1, capabilities: [capability], steps: [step], outputs: ['a'] });

describe('the registry', () => {
  it('should take a definition with its examples', () => {
    expect(AddCapabilityRequest.parse({ definition })).toMatchObject({ definition: { timeoutMs: 1_000 }, examples: [] });
    expect(AddCapabilityRequest.safeParse({ definition, examples: [{ input: { text: 'a' }, output: {} }] }).success).toBe(true);
    for (const wrong of [
      {},
      { definition: { kind: 'registered', name: 'shout' } },
      { definition, examples: [{}] },
      { definition, name: 'x' },
      { definition, examples: Array.from({ length: 21 }, () => ({ input: {} })) },
    ])
      expect(AddCapabilityRequest.safeParse(wrong).success).toBe(false);
  });

  it('should be asked by words, run and version', () => {
    expect(CapabilityQuery.parse({ limit: '7', q: 'a b', run: newId('run') })).toMatchObject({ limit: 7, q: 'a b' });
    expect(CapabilityVersionQuery.parse({ version: '2' })).toEqual({ version: 2 });
    for (const wrong of [{ limit: 0 }, { run: 'run 1' }, { after: 'A' }, { query: 'a' }])
      expect(CapabilityQuery.safeParse(wrong).success).toBe(false);
    expect(CapabilityVersionQuery.safeParse({ version: 0 }).success).toBe(false);
  });

  it('should have scopes for all and for a run', () => {
    for (const scope of ['builtin', 'global', `run:${newId('run')}`]) expect(CapabilityScope.safeParse(scope).success).toBe(true);
    for (const scope of ['run', 'run:', `run:${newId('table')}`]) expect(CapabilityScope.safeParse(scope).success).toBe(false);
  });

  it('should be named in plans, and stand there with its content', () => {
    const kept = { ...definition, registered: { version: 1, hash: 'a'.repeat(64) } };
    for (const right of [{ kind: 'registered', name: 'shout' }, { kind: 'registered', name: 'shout', version: 2 }, kept])
      expect(Plan.safeParse(planOf(right)).success).toBe(true);
    for (const wrong of [
      { kind: 'registered' },
      { kind: 'registered', name: 'Shout' },
      { kind: 'registered', name: 'shout', version: 0 },
      { kind: 'registered', name: 'shout', source: 'x' },
      { ...definition, registered: { version: 1, hash: 'a' } },
    ])
      expect(Plan.safeParse(planOf(wrong)).success).toBe(false);
  });
});
