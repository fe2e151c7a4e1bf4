import { type Plan } from '@apwa/contracts';
import { done, partly, product, step, waiting, writing } from '../../test/support/run-facts.js';
import { type StepFacts } from '../runs/step-facts.js';
import { type AmendmentContext, checkAmendment, withBegun } from './check.js';
import { type Underway, redoable, withRedo } from './redo.js';
import { standingsOf } from './standings.js';
import { tableChanges } from './step-tables.js';
import { workHash } from './work-hash.js';

const template = (instructions = 'Judge {{text}}', type = 'string') => ({
  mode: 'llm' as const,
  instructions,
  output: { type: 'object', properties: { mood: { type } } },
});
const judged = (more: object = {}) => ({ id: 'judged', kind: 'map' as const, input: 'rows', template: template(), ...more });
const named = (more: object = {}) => ({
  id: 'named',
  kind: 'map' as const,
  input: 'judged',
  template: { ...template('Name {{mood}}'), output: { type: 'object', properties: { name: { type: 'string' } } } },
  ...more,
});
const counted = { id: 'counted', kind: 'sql' as const, inputs: ['named'], query: 'SELECT count(*) AS n FROM named' };
const later = { id: 'later', kind: 'sql' as const, inputs: ['judged'], query: 'SELECT mood FROM judged' };
const plan = (steps: Plan['steps'] = [judged(), named(), counted, later], more: Partial<Plan> = {}): Plan => ({
  version: 1,
  steps,
  outputs: ['counted'],
  ...more,
});

const facts = (more: Partial<Record<'judged' | 'named' | 'counted', StepFacts['product']>> = {}): StepFacts[] => [
  step('judged', ['rows'], { ...(more.judged ?? partly), id: 'tbl_j' }),
  step('named', ['judged'], { ...(more.named ?? partly), id: 'tbl_n' }),
  step('counted', ['named'], { ...(more.counted ?? done), id: 'tbl_c' }),
  step('later', ['judged'], { ...waiting, id: 'tbl_l' }),
];
const underway = (steps = facts(), before = plan()): Underway => ({ before, steps, standings: standingsOf(steps) });
const context = (redo: string[], run = underway(), redone: string[] = []): AmendmentContext => {
  const { standings, faults } = withRedo(redo, run);
  expect(faults).toEqual([]);
  return { before: run.before, standings, failed: new Set(), redone: new Set(redone) };
};

describe('failed rows that an amendment has done again', () => {
  it('should be those of steps that are done, with what has read them behind', () => {
    expect(redoable(underway())).toEqual(['judged', 'named']);
    expect(Object.fromEntries(withRedo(['judged'], underway()).standings)).toEqual({
      judged: 'again',
      named: 'behind',
      counted: 'behind',
      later: 'open',
    });
    expect(withRedo(['named', 'judged'], underway()).standings.get('named')).toBe('again');
  });

  const unsafe = { kind: 'http', name: 'post', method: 'POST' } as unknown as NonNullable<Plan['capabilities']>[number];
  const sends = named({ template: { mode: 'capability', capability: 'http:post', with: {} } });
  it.each<[string, string, Underway, string, string]>([
    ['are of no step', 'moods', underway(), 'is no step', 'judged, named'],
    ['cannot fail', 'counted', underway(), 'is a step of kind sql', 'judged, named'],
    [
      'are to come',
      'later',
      underway(facts(), plan([judged(), named(), counted, { ...named(), id: 'later' }])),
      'has not begun',
      'judged, named',
    ],
    ['are under way', 'named', underway(facts({ named: writing, counted: waiting })), 'has not ended', 'nothing'],
    ['are none', 'judged', underway(facts({ judged: done })), 'has no failed rows', 'named'],
    ['are being read', 'judged', underway(facts({ counted: writing })), 'is read by step counted, which has not ended', 'nothing'],
    [
      'were read by what must not be called twice',
      'judged',
      underway(facts(), plan([judged(), sends, counted, later], { capabilities: [unsafe] })),
      'is read by step named, which has called',
      'nothing',
    ],
  ])('should not be such as %s', (_, id, run, message, allowed) => {
    expect(withRedo([id], run).faults).toEqual([
      { field: 'redo[0]', message: expect.stringContaining(message), value: id, allowed: expect.stringContaining(allowed) },
    ]);
  });

  it('should be done by the same template or by another one of the same columns, and by no other', () => {
    const again = context(['judged']);
    expect(checkAmendment(plan(), again)).toEqual([]);
    const better = plan([judged({ template: template('Judge {{text}} kindly') }), named(), counted, later]);
    expect(checkAmendment(better, again)).toEqual([]);
    const other = [judged({ template: template('Judge {{text}}', 'integer'), input: 'others' }), named(), counted, later];
    expect(checkAmendment(plan(other), again)).toEqual([
      { field: 'steps[0].input', message: expect.stringContaining('cannot change'), value: 'others', allowed: 'rows' },
      { field: 'steps[0].template.output', message: 'makes another type of column mood', value: 'BIGINT', allowed: 'mood VARCHAR' },
    ]);
    const { mode: _, ...rest } = template();
    const agent = judged({ template: { ...rest, mode: 'agent', capabilities: [] } });
    expect(checkAmendment(plan([agent, named(), counted, later]), again)).toMatchObject([
      { field: 'steps[0].template.mode', value: 'agent', allowed: 'llm' },
    ]);
    expect(checkAmendment(plan([named(), counted, later]), again)).toMatchObject([{ field: 'steps', value: 'judged' }]);
  });

  it('should leave what has read them as it stands', () => {
    const again = context(['judged']);
    const turned = { ...counted, query: 'SELECT 1 AS n FROM named' };
    expect(checkAmendment(plan([judged(), named(), turned, later]), again)).toMatchObject([{ field: 'steps[2].query' }]);
    const { kind, ...more } = named();
    const after = withBegun(plan([judged(), { ...more, kind }, counted, later]), again);
    expect(JSON.stringify(after.steps[1])).toBe(JSON.stringify(named()));
  });

  it('should be done again just so once', () => {
    const again = context(['judged'], underway(), [workHash(plan(), 'judged')]);
    expect(checkAmendment(plan(), again)).toMatchObject([
      { field: 'steps[0]', value: 'judged', message: expect.stringContaining('again') },
    ]);
    const better = plan([judged({ template: template('Judge {{text}} kindly') }), named(), counted, later]);
    expect(checkAmendment(better, again)).toEqual([]);
  });

  it('should have a next version of each table that they stand in, which what is to come reads', () => {
    let ids = 0;
    const changes = tableChanges({
      before: plan(),
      after: plan([judged({ template: template('Judge {{text}} kindly') }), named(), counted, later]),
      standings: context(['judged']).standings,
      tables: ['judged', 'named', 'counted', 'later'].map((stepId) => ({
        id: `tbl_${stepId}`,
        stepId,
        earlier: [],
        readable: stepId !== 'later',
      })),
      inputs: new Map([['rows', 'tbl_in']]),
      newId: () => `tbl_new_${++ids}`,
    });
    expect(changes).toEqual({
      drop: [],
      retire: ['judged', 'named', 'counted'].map((stepId) => ({ id: `tbl_${stepId}`, stepId })),
      change: [{ id: 'tbl_later', inputs: ['tbl_new_1'], anew: false }],
      create: [
        { id: 'tbl_new_1', stepId: 'judged', inputs: ['tbl_in'], previousId: 'tbl_judged', earlier: ['tbl_judged'] },
        { id: 'tbl_new_2', stepId: 'named', inputs: ['tbl_new_1'], previousId: 'tbl_named', earlier: ['tbl_named'] },
        { id: 'tbl_new_3', stepId: 'counted', inputs: ['tbl_new_2'], previousId: 'tbl_counted', earlier: ['tbl_counted'] },
      ],
    });
  });

  it('should be forgotten where a person has the step make other columns before it begins', () => {
    const changes = tableChanges({
      before: plan(),
      after: plan([judged({ template: template('Judge {{text}}', 'integer') }), named(), counted, later]),
      standings: standingsOf([step('judged', ['rows'], product('tbl_j', 'waiting'))]),
      tables: [{ id: 'tbl_j', stepId: 'judged', earlier: ['tbl_0'], readable: false }],
      inputs: new Map([['rows', 'tbl_in']]),
      newId: () => 'tbl_new',
    });
    expect(changes.change).toEqual([{ id: 'tbl_j', inputs: ['tbl_in'], anew: true }]);
  });
});
