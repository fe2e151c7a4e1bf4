import { columnsOfSchema } from '@apwa/json-schema';
import { outputSchemaOf, renamed } from './output.js';
import { type PythonCapability } from '@apwa/contracts';
import { builtinCapabilities, capabilitiesWith } from './registry.js';

const template = (rename?: Record<string, string>) => ({
  mode: 'capability' as const,
  capability: 'builtin:text_length',
  with: { text: '{{text}}' },
  ...(rename ? { rename } : {}),
});
const columns = (rename?: Record<string, string>) => columnsOfSchema(outputSchemaOf(template(rename), builtinCapabilities));

describe('the columns of a capability', () => {
  it('should be those of its schema, by the names that the template has for them', () => {
    expect(columns()).toEqual([
      { name: 'characters', type: 'BIGINT' },
      { name: 'bytes', type: 'BIGINT' },
    ]);
    expect(columns({ bytes: 'size' }).map(({ name }) => name)).toEqual(['characters', 'size']);
    expect(renamed({ characters: 1, bytes: 2 }, { bytes: 'size' })).toEqual({ characters: 1, size: 2 });
    expect(renamed({ toString: 1 }, {})).toEqual({ toString: 1 });
  });

  it('should be those of the answer where a model is called', () => {
    const output = { type: 'object', properties: { label: { type: 'string' } } };
    expect(outputSchemaOf({ mode: 'llm', instructions: 'x', output }, builtinCapabilities)).toBe(output);
  });

  it('should be those of a function that came with the plan', () => {
    const output = { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } };
    const given = { kind: 'python', name: 'measure', description: 'x', effects: 'none', input: { type: 'object' }, output };
    const registry = capabilitiesWith([given as unknown as PythonCapability]);
    const call = { mode: 'capability' as const, capability: 'python:measure', with: {}, rename: { size: 'n' } };
    expect(columnsOfSchema(outputSchemaOf(call, registry))).toEqual([{ name: 'n', type: 'BIGINT' }]);
    expect(registry.find('builtin:identity')).toBeDefined();
    expect(() => outputSchemaOf(call, capabilitiesWith())).toThrow(expect.objectContaining({ code: 'unknown_capability' }) as Error);
  });

  it('should be refused for a capability that is not there, naming those that are', () => {
    expect(() => outputSchemaOf({ ...template(), capability: 'builtin:text_lenght' }, builtinCapabilities)).toThrow(
      expect.objectContaining({ code: 'unknown_capability' }) as Error,
    );
  });
});
