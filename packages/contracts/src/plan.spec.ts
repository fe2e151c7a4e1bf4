import { Plan, Step, Template, fillPlaceholders, inputsOf, placeholdersOf } from './plan.js';

const map = {
  id: 'detect',
  kind: 'map',
  input: 'messages',
  template: { instructions: 'Find names in {{ text }}', output: { type: 'object' } },
};
const sql = { id: 'counts', kind: 'sql', inputs: ['detect'], query: 'SELECT count(*) AS n FROM detect' };
const retrying = (retry: object) => ({ ...plan, steps: [{ ...map, template: { ...map.template, retry } }] });
const plan = { version: 1, steps: [map, sql], outputs: ['detect', 'counts'] };

describe('Plan', () => {
  it('should accept a plan, and fill in defaults', () => {
    expect(Plan.parse(plan).steps[0]).toMatchObject({ template: { mode: 'llm' } });
  });

  it('should accept the call of a capability in place of one of a model', () => {
    const template = { mode: 'capability', capability: 'builtin:text_length', with: { text: '{{text}}', n: 1 }, rename: { bytes: 'size' } };
    expect(Plan.parse({ ...plan, steps: [{ ...map, template }] }).steps[0]).toMatchObject({ template });
    expect(Template.parse({ mode: 'capability', capability: 'builtin:now' })).toEqual({
      mode: 'capability',
      capability: 'builtin:now',
      with: {},
    });
  });

  it('should accept functions, and fill in what they may take', () => {
    const given = { kind: 'python', name: 'language', description: 'x', source: 'def run(): pass', input: {}, output: {} };
    const [capability] = Plan.parse({ ...plan, capabilities: [given] }).capabilities ?? [];
    expect(capability).toMatchObject({ effects: 'none', function: 'run', cpus: 1, memoryMb: 1024, reuse: 'task', timeoutMs: 60_000 });
    for (const wrong of [
      { effects: 'unsafe' },
      { module: 'json' },
      { source: undefined },
      { pip: ['-r x'] },
      { maxBatch: 0 },
      { name: 'A' },
    ])
      expect(Plan.safeParse({ ...plan, capabilities: [{ ...given, ...wrong }] }).success).toBe(false);
  });

  it.each([
    { totalMs: 1_000 },
    { stopWhenFailuresExceed: { count: 0 } },
    { stopWhenFailuresExceed: { share: 1 } },
    { stopWhenFailuresExceed: { share: 0, minRows: 1 } },
  ])('should accept a policy of %j', (retry) => {
    expect(Plan.parse(retrying(retry)).steps[0]).toMatchObject({ template: { retry } });
  });

  it.each([
    ['no steps', { ...plan, steps: [] }],
    ['no outputs', { ...plan, outputs: [] }],
    ['another version', { ...plan, version: 2 }],
    ['an unknown key', { ...plan, extra: 1 }],
    ['an unknown key of a template', { ...plan, steps: [{ ...map, template: { ...map.template, promt: '' } }] }],
    ['an unknown kind', { ...plan, steps: [{ ...map, kind: 'fold' }] }],
    ['an id that is no name in SQL', { ...plan, steps: [{ ...map, id: 'De tect' }] }],
    ['an unknown mode', { ...plan, steps: [{ ...map, template: { ...map.template, mode: 'magic' } }] }],
    [
      'instructions for a capability',
      { ...plan, steps: [{ ...map, template: { mode: 'capability', capability: 'builtin:x', instructions: 'x' } }] },
    ],
    ['a capability in a template for a model', { ...plan, steps: [{ ...map, template: { ...map.template, capability: 'builtin:x' } }] }],
    ['a capability of another kind', { ...plan, steps: [{ ...map, template: { mode: 'capability', capability: 'shell:x' } }] }],
    ['a limit of zero', { ...plan, steps: [{ ...map, template: { ...map.template, limits: { outputTokens: 0 } } }] }],
    ['a negative resource', { ...plan, steps: [{ ...map, template: { ...map.template, resources: { cpus: -1 } } }] }],
    ['a row without time', retrying({ totalMs: 0 })],
    ['a row of more than a day', retrying({ totalMs: 86_400_001 })],
    ['a negative number of failures', retrying({ stopWhenFailuresExceed: { count: -1 } })],
    ['half a failure', retrying({ stopWhenFailuresExceed: { count: 0.5 } })],
    ['a share above all', retrying({ stopWhenFailuresExceed: { share: 1.01 } })],
    ['a share that is no number', retrying({ stopWhenFailuresExceed: { share: NaN } })],
    ['a share of no rows', retrying({ stopWhenFailuresExceed: { share: 0.1, minRows: 0 } })],
    ['a count and a share', retrying({ stopWhenFailuresExceed: { count: 1, share: 0.1 } })],
    ['a bound that says nothing', retrying({ stopWhenFailuresExceed: {} })],
    ['a bare number of failures', retrying({ stopWhenFailuresExceed: 5 })],
  ])('should refuse %s', (_, document) => {
    expect(Plan.safeParse(document).success).toBe(false);
  });
});

describe('placeholders', () => {
  it('should be found once each, in order', () => {
    expect(placeholdersOf('{{b}} {{ a }} {{b}} {x} {{}}')).toEqual(['b', 'a']);
  });

  it('should be replaced wherever they stand, and by nothing that the replacement holds', () => {
    expect(fillPlaceholders('{{a}} and {{ b }}', (column) => `<${column} {{a}} $&>`)).toBe('<a {{a}} $&> and <b {{a}} $&>');
  });
});

it('should know what a step reads', () => {
  expect(inputsOf(Step.parse(map))).toEqual(['messages']);
  expect(inputsOf(Step.parse(sql))).toEqual(['detect']);
});
