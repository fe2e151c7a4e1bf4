import { type Plan, type StageCounts, noCounts } from '@apwa/contracts';
import { type EndedRun, planRedrive } from './redrive.js';

const output = (type: string) => ({ type: 'object', required: ['mood'], properties: { mood: { type } } });
const template = { mode: 'llm' as const, instructions: 'Judge {{text}}', output: output('string') };
const plan: Plan = {
  version: 1,
  steps: [
    { id: 'judged', kind: 'map', input: 'rows', template },
    {
      id: 'measured',
      kind: 'map',
      input: 'judged',
      template: { mode: 'capability', capability: 'builtin:text_length', with: { text: '{{text}}' } },
    },
    { id: 'counted', kind: 'sql', inputs: ['measured'], query: 'SELECT count(*) AS n FROM measured' },
  ],
  outputs: ['counted'],
};
const ended = (judged: Partial<StageCounts>, state: EndedRun['steps'][number]['state'] = 'succeeded'): EndedRun => ({
  plan,
  steps: plan.steps.map(({ id, kind }) => ({ id, kind, state, counts: { ...noCounts(), ...(id === 'judged' ? judged : {}) } })),
});
const failed = ended({ ok: 9, failed: 1 });

describe('the plan of a redrive', () => {
  it('should be the plan of before, and do again the failed rows of all maps or of those that are named', () => {
    expect(planRedrive(failed, { templates: {} })).toEqual({ plan, steps: ['judged', 'measured'] });
    expect(planRedrive(failed, { steps: ['judged'], templates: {} })).toEqual({ plan, steps: ['judged'] });
  });

  it('should change what is named of a template, and nothing else', () => {
    const change = { instructions: 'Judge kindly: {{text}}', model: 'large' };
    expect(planRedrive(failed, { templates: { judged: change } })).toEqual({
      plan: { ...plan, steps: [{ ...plan.steps[0], template: { ...template, ...change } }, ...plan.steps.slice(1)] },
      steps: ['judged', 'measured'],
    });
  });

  it('should go on with a run that did not get to its end although no row failed', () => {
    expect(planRedrive(ended({ ok: 4 }, 'cancelled'), { templates: {} })).toMatchObject({ steps: ['judged', 'measured'] });
  });

  it('should do failed groups of a reduce again, by the template that it has', () => {
    const story: Plan = {
      version: 1,
      steps: [{ id: 'folded', kind: 'reduce', input: 'rows', template: { ...template, instructions: 'Fold {{items}}' } }],
      outputs: ['folded'],
    };
    const [step] = ended({}).steps;
    const run: EndedRun = {
      plan: story,
      steps: [{ ...step, id: 'folded', kind: 'reduce', counts: { ...noCounts(), ok: 3, failed: 1 } }],
    } as EndedRun;
    expect(planRedrive(run, { templates: {} })).toEqual({ plan: story, steps: ['folded'] });
    expect(planRedrive(run, { templates: { folded: { instructions: 'Fold well: {{items}}' } } })).toMatchObject({
      faults: [{ field: 'templates.folded', message: 'is no step of kind map of the run' }],
    });
  });

  it.each<[string, EndedRun, Parameters<typeof planRedrive>[1], object]>([
    [
      'a step that there is not',
      failed,
      { steps: ['judgd'], templates: {} },
      { field: 'steps[0]', value: 'judgd', allowed: 'judged, measured' },
    ],
    ['a step of SQL', failed, { steps: ['counted'], templates: {} }, { field: 'steps[0]', value: 'counted' }],
    ['the template of a step of SQL', failed, { templates: { counted: {} } }, { field: 'templates.counted' }],
    [
      'the template of a step that is not done again',
      failed,
      { steps: ['judged'], templates: { measured: {} } },
      { field: 'templates.measured', allowed: 'judged' },
    ],
    ['an unknown key', failed, { templates: { judged: { instruction: 'x' } } }, { field: 'templates.judged.instruction' }],
    ['a wrong value', failed, { templates: { judged: { retry: { attempts: 0 } } } }, { field: 'templates.judged.retry.attempts' }],
    ['another mode', failed, { templates: { judged: { mode: 'capability', capability: 'builtin:text_length' } } }, {}],
    [
      'another type of a column',
      failed,
      { templates: { judged: { output: output('integer') } } },
      { field: 'templates.judged.output', value: 'BIGINT', allowed: 'mood VARCHAR', message: 'makes another type of column mood' },
    ],
    [
      'a column less, and one more',
      failed,
      { templates: { judged: { output: { type: 'object', properties: { tone: { type: 'string' } } } } } },
      { field: 'templates.judged.output', message: 'has no column mood, and the table has one' },
    ],
    [
      'a run without failed rows',
      ended({ ok: 10 }),
      { templates: {} },
      { field: 'steps', message: expect.stringContaining('nothing is left') },
    ],
    ['steps without failed rows', failed, { steps: ['measured'], templates: {} }, { field: 'steps', allowed: 'judged' }],
  ])('should refuse %s', (_, run, wanted, fault) => {
    const result = planRedrive(run, wanted);
    expect('faults' in result && result.faults[0]).toMatchObject(fault);
  });
});
