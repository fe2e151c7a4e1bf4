import { type Column, ReduceStep } from '@apwa/contracts';
import { checkReduceStep } from './reduce-step.js';

const columns: Column[] = [
  { name: 'scene', type: 'BIGINT' },
  { name: 'act', type: 'VARCHAR' },
  { name: 'text', type: 'VARCHAR' },
  { name: 'level', type: 'BIGINT' },
  { name: '_status', type: 'VARCHAR' },
];
const output = { type: 'object', required: ['summary'], properties: { summary: { type: 'string' } } };
const reduce = (more: object = {}, template: object = {}): ReduceStep =>
  ReduceStep.parse({
    id: 'acts',
    kind: 'reduce',
    input: 'scenes',
    by: ['act'],
    template: { instructions: 'Summarise act {{act}}: {{items}}', output, ...template },
    ...more,
  });

const check = (step: ReduceStep, room = { contextTokens: 8_000, outputTokens: 1_000 }) =>
  checkReduceStep(step, { field: 'steps[0]', columns, models: ['small'], room: () => room });

const cases: [string, ReduceStep, string, string][] = [
  ['groups by a column that is not there', reduce({ by: ['actt'] }, { instructions: '{{items}}' }), 'by[0]', 'did you mean act?'],
  ['groups by one column twice', reduce({ by: ['act', 'act'] }), 'by[1]', 'each name once'],
  ['groups by a column of the machinery', reduce({ by: ['_status'] }, { instructions: '{{items}}' }), 'by[0]', 'scene, act, text, level'],
  ['groups by a column of the result', reduce({ by: ['level'] }, { instructions: '{{items}}' }), 'by[0]', 'a name of its own'],
  ['orders by a column that is not there', reduce({ orderBy: ['scenes'] }), 'orderBy[0]', 'did you mean scene?'],
  ['shows a column that is not there', reduce({ columns: ['texts'] }), 'columns[0]', 'did you mean text?'],
  ['shows nothing', reduce({ orderBy: ['scene', 'text', 'level'] }), 'by', 'fewer, or columns'],
  ['does not name the items', reduce({}, { instructions: 'Summarise {{act}}' }), 'template.instructions', '{{items}}'],
  [
    'names a column that only items have',
    reduce({}, { instructions: '{{text}} {{items}}' }),
    'template.instructions',
    '{{items}}, {{act}}',
  ],
  ['merges without the answers', reduce({ merge: { instructions: 'Fold {{act}}' } }), 'merge.instructions', '{{items}}'],
  [
    'merges by its own output',
    reduce({ merge: { instructions: 'Fold {{items}} {{summary}}' } }),
    'merge.instructions',
    '{{items}}, {{act}}',
  ],
  [
    'answers with a column of its group',
    reduce({}, { output: { type: 'object', properties: { act: {} } } }),
    'template.output.properties.act',
    'a name of its own',
  ],
  [
    'answers with a column of the result',
    reduce({}, { output: { type: 'object', properties: { sources: {} } } }),
    'template.output.properties.sources',
    'a name',
  ],
  ['answers by a schema that is none', reduce({}, { output: { type: 'thing' } }), 'template.output', ''],
  ['asks a model that is not there', reduce({}, { model: 'smal' }), 'template.model', 'did you mean small?'],
  ['has larger calls than the model', reduce({ maxTokens: 7_000 }), 'maxTokens', 'at most'],
  ['has calls that hold no two answers', reduce({ maxTokens: 700 }, { limits: { outputTokens: 400 } }), 'maxTokens', '800 at least'],
  ['has answers of which no two fit a call', reduce({}, { limits: { outputTokens: 4_000 } }), 'template.limits.outputTokens', 'at most'],
  ['leaves no room for items', reduce({}, { instructions: `{{items}}${'x'.repeat(30_000)}` }), 'template', 'a longer context'],
];

describe('a reduce', () => {
  it.each(cases)('should be refused that %s', (_, step, field, allowed) => {
    const { faults } = check(step);
    expect(faults).toContainEqual(expect.objectContaining({ field: expect.stringContaining(`steps[0].${field}`) }));
    expect(faults.find((fault) => fault.field.startsWith(`steps[0].${field}`))?.allowed ?? '').toContain(allowed);
  });

  it('should have the columns of its groups, of its answer, and of its sources', () => {
    const { faults, columns: made } = check(reduce());
    expect(faults).toEqual([]);
    expect(made?.slice(0, 5).map(({ name }) => name)).toEqual(['act', 'summary', 'sources', 'left_out', 'level']);
    expect(made?.map(({ name }) => name)).toContain('_status');
  });

  it('should be checked as far as that goes where its input is faulty', () => {
    const step = reduce({ by: ['anything'] }, { instructions: 'Summarise' });
    const { faults } = checkReduceStep(step, { field: 'steps[0]', columns: null, models: [], room: () => null });
    expect(faults.map(({ field }) => field)).toEqual(['steps[0].template.instructions']);
  });

  it('should take no template that works row by row', () => {
    const template = { instructions: '{{items}}', output, replicas: { combine: 'all', count: 3 } };
    expect(ReduceStep.safeParse({ id: 'a', kind: 'reduce', input: 'b', template }).success).toBe(false);
  });
});
