import { AgentTemplate, LlmTemplate } from './plan.js';
import { choiceColumns, chosenBy, joiningKeywords, schemaOfChosen } from './row-choice.js';

const output = {
  type: 'object',
  required: ['amount'],
  properties: { amount: { type: 'number' }, why: { $ref: '#/$defs/text' }, harms: { type: 'array' } },
  $defs: { text: { type: 'string' } },
};
const template = AgentTemplate.parse({
  mode: 'agent',
  instructions: 'Do {{task}}',
  capabilities: ['builtin:fetch', 'builtin:sql'],
  capabilitiesFrom: 'tools',
  output,
  outputFrom: 'wants',
});
const [tools, wants] = choiceColumns(template);
if (!tools || !wants) throw new Error('no choices');

it('should let a template name the columns by which its rows choose', () => {
  expect([tools, wants]).toEqual([
    { key: 'capabilitiesFrom', column: 'tools', of: 'capabilities', names: ['builtin:fetch', 'builtin:sql'] },
    { key: 'outputFrom', column: 'wants', of: 'output', names: ['amount', 'why', 'harms'] },
  ]);
  expect(choiceColumns(LlmTemplate.parse({ instructions: 'Do {{task}}', output }))).toEqual([]);
  expect(LlmTemplate.safeParse({ instructions: 'Do {{task}}', output, capabilitiesFrom: 'tools' }).success).toBe(false);
});

it('should read one name, several, or none, in the order of the template', () => {
  expect(chosenBy(tools, null)).toEqual({ names: [] });
  expect(chosenBy(tools, undefined)).toEqual({ names: [] });
  expect(chosenBy(tools, [])).toEqual({ names: [] });
  expect(chosenBy(tools, 'builtin:sql')).toEqual({ names: ['builtin:sql'] });
  expect(chosenBy(wants, ['harms', 'amount', 'harms'])).toEqual({ names: ['amount', 'harms'] });
});

it('should say which value is no choice', () => {
  expect(chosenBy(tools, ['builtin:sql', 'http:pay'])).toEqual({
    value: 'http:pay',
    message: 'is no capability that the template carries',
  });
  expect(chosenBy(tools, [['builtin:sql']])).toMatchObject({ value: ['builtin:sql'] });
  expect(chosenBy(tools, 7)).toMatchObject({ value: 7 });
  expect(chosenBy(wants, 'toString')).toMatchObject({ value: 'toString', message: 'is no property of the output' });
  expect(chosenBy(wants, null)).toMatchObject({ value: null, message: expect.stringContaining('names no property') as string });
});

it('should ask for what was chosen and nothing else, with what it refers to', () => {
  expect(schemaOfChosen(output, ['why'])).toEqual({
    type: 'object',
    required: ['why'],
    properties: { why: { $ref: '#/$defs/text' } },
    additionalProperties: false,
    $defs: output.$defs,
  });
  expect(joiningKeywords(output)).toEqual([]);
  expect(joiningKeywords({ ...output, anyOf: [], minProperties: 2 })).toEqual(['anyOf', 'minProperties']);
});
