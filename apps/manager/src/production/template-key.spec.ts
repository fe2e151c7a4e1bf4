import { type AgentTemplate, type MapWork, newId } from '@apwa/contracts';
import { columnsReadBy } from './columns-read.js';
import { templateKey } from './template-key.js';

const template: AgentTemplate = {
  mode: 'agent',
  instructions: 'Do {{task}}',
  capabilities: ['builtin:fetch', 'builtin:sql'],
  output: { type: 'object', properties: { amount: { type: 'number' }, why: { type: 'string' } } },
};
const keyOf = (more: Partial<AgentTemplate> = {}) => {
  const work: MapWork = {
    kind: 'map',
    input: { tableId: newId('table'), version: 1, manifestKey: 'tables/a.json', sha256: '0'.repeat(64), rows: 1 },
    template: { ...template, ...more },
    model: 'small',
  };
  return templateKey(work, { models: {} });
};

it('should tell templates apart whose rows choose, and by which columns', () => {
  const keys = [keyOf(), keyOf({ capabilitiesFrom: 'tools' }), keyOf({ capabilitiesFrom: 'means' }), keyOf({ outputFrom: 'tools' })];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keyOf({ capabilitiesFrom: 'tools' })).toBe(keyOf({ capabilitiesFrom: 'tools' }));
});

it('should take results of rows alone that chose the same', () => {
  const columns = ['id', 'task', 'tools', 'wants'].map((name) => ({ name, type: 'VARCHAR' }));
  const read = columnsReadBy({ template: { ...template, capabilitiesFrom: 'tools', outputFrom: 'wants' } }, columns);
  expect(read).toEqual(['task', 'tools', 'wants']);
  expect(columnsReadBy({ template: { ...template, instructions: 'Do it', capabilitiesFrom: 'tools' } }, columns)).toEqual(
    columns.map(({ name }) => name),
  );
});

it('should take results of rows alone of which a judge saw the same', () => {
  const judge = { instructions: 'Which of {{answers}} suits {{reader}}?' };
  const replicas = { combine: 'judge' as const, count: 3, judge };
  expect(columnsReadBy({ template: { ...template, replicas } }, [])).toEqual(['task', 'reader']);
});
