import { builtinCapabilities } from '@apwa/capabilities';
import { Capability, type CapabilityTemplate, type Column } from '@apwa/contracts';
import { checkCapabilityTemplate } from './capability-template.js';
import { validatePlan } from './validate.js';

const columns: Column[] = [
  { name: 'id', type: 'BIGINT' },
  { name: 'text', type: 'VARCHAR' },
  { name: 'tags', type: 'VARCHAR[]' },
  { name: 'more', type: 'JSON' },
  { name: 'Bytes', type: 'BIGINT' },
];

const template = (more: Partial<CapabilityTemplate> = {}): CapabilityTemplate => ({
  mode: 'capability',
  capability: 'builtin:word_count',
  with: { text: '{{text}}' },
  ...more,
});
const check = (more: Partial<CapabilityTemplate> = {}, capabilities = builtinCapabilities) =>
  checkCapabilityTemplate(template(more), { field: 'template', columns, capabilities });

describe('the call of a capability in a plan', () => {
  it('should add the columns of its result', () => {
    expect(check()).toEqual({
      faults: [],
      added: [
        { name: 'words', type: 'BIGINT' },
        { name: 'lines', type: 'BIGINT' },
      ],
    });
    expect(check({ rename: { words: 'word count' } }).added?.map(({ name }) => name)).toEqual(['word count', 'lines']);
  });

  it.each<[string, Partial<CapabilityTemplate>, string, string]>([
    ['a capability that is not there', { capability: 'builtin:wordcount' }, 'template.capability', 'did you mean builtin:word_count?'],
    ['an argument that is missing', { with: {} }, 'template.with.text', 'string: The text'],
    ['an argument for no parameter', { with: { text: '{{text}}', txt: 1 } }, 'template.with.txt', 'did you mean text?'],
    ['a column that is not there', { with: { text: '{{txet}}' } }, 'template.with.text', 'did you mean text?'],
    ['a column that is not there within a text', { with: { text: 'Re: {{txet}}' } }, 'template.with.text', 'did you mean text?'],
    ['a column of numbers for a text', { with: { text: '{{id}}' } }, 'template.with.text', 'string'],
    ['a column of lists for a text', { with: { text: '{{tags}}' } }, 'template.with.text', 'string'],
    ['a value of another type', { with: { text: 7 } }, 'template.with.text', 'string'],
    ['another name for what is not there', { rename: { word: 'n' } }, 'template.rename.word', 'did you mean words?'],
    ['a name of the input', { rename: { words: 'TEXT' } }, 'template.rename.words', 'another name'],
    ['the name of another column of the result', { rename: { words: 'Lines' } }, 'template.rename.words', 'a name of its own'],
    ['a name of the machinery', { rename: { words: '_words' } }, 'template.rename.words', 'begin with "_"'],
    ['a column that the input has', { capability: 'builtin:text_length' }, 'template.rename.bytes', 'another name'],
  ])('should be refused with %s', (_, more, field, allowed) => {
    expect(check(more).faults).toEqual([expect.objectContaining({ field, allowed: expect.stringContaining(allowed) })]);
  });

  it('should take what may be right: a column of JSON, a text with columns in it, anything where anything is taken', () => {
    for (const text of ['{{more}}', 'No. {{id}}: {{text}}', 'fixed']) expect(check({ with: { text } }).faults).toEqual([]);
    for (const value of ['{{id}}', '{{tags}}', 7, null, { a: [] }])
      expect(check({ capability: 'builtin:identity', with: { value } }).faults).toEqual([]);
  });

  it('should take numbers for numbers, whole or not, where a column may hold both', () => {
    const capability: Capability = {
      id: 'builtin:double',
      kind: 'builtin',
      description: 'Twice the number',
      effects: 'none',
      input: { type: 'object', required: ['n'], properties: { n: { type: 'number' }, flag: { type: 'boolean' } } },
      output: { type: 'object', properties: { twice: { type: 'number' } } },
    };
    const registry = { find: () => Capability.parse(capability), list: () => [capability] };
    expect(check({ with: { n: '{{id}}' } }, registry).faults).toEqual([]);
    expect(check({ with: { n: '{{text}}', flag: '{{id}}' } }, registry).faults).toHaveLength(2);
  });

  it('should be checked as far as it can be where the columns of its input are not known', () => {
    const found = checkCapabilityTemplate(template({ with: { text: '{{anything}}', txt: 1 } }), {
      field: 't',
      columns: null,
      capabilities: builtinCapabilities,
    });
    expect(found.faults.map(({ field }) => field)).toEqual(['t.with.txt']);
  });

  it('should be followed by steps that use its columns', async () => {
    const step = { id: 'counted', kind: 'map', input: 'messages', template: template() };
    const next = {
      id: 'again',
      kind: 'map',
      input: 'counted',
      template: { instructions: 'Say if {{words}} is many', output: { type: 'object', properties: { many: { type: 'boolean' } } } },
    };
    const context = {
      inputs: [{ name: 'messages', columns }],
      models: ['small'],
      room: () => ({ contextTokens: 8_000, outputTokens: 1_000 }),
      registry: { find: async () => null, offered: async () => [] },
      register: () => Promise.reject(new Error('asked')),
      requested: [],
      checkSql: async () => [],
    };
    const document = { version: 1, steps: [step, next], outputs: ['again'] };
    const result = await validatePlan(document, context);
    expect(result).toMatchObject({ valid: true });
    const unknown = { ...document, steps: [{ ...step, template: { ...template(), mode: 'capabilty' } }, next] };
    const refused = await validatePlan(unknown, context);
    expect(refused.valid ? [] : refused.faults).toContainEqual(
      expect.objectContaining({ field: 'steps[0].template.mode', allowed: expect.stringContaining('capability') }),
    );
  });
});
