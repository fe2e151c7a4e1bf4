import type { Plan } from '@apwa/contracts';
import { planDiff } from './plan-diff.js';
import { planView } from './plan-view.js';

const output = { type: 'object', properties: { kind: { type: 'string', enum: ['a', 'b'] } } };
const plan: Plan = {
  version: 1,
  steps: [
    {
      id: 'labels',
      kind: 'map',
      input: 'messages',
      description: 'What each message wants.',
      template: {
        mode: 'llm',
        model: 'small',
        instructions: `Is {{text}} a or b?\n${'x'.repeat(500)}`,
        output,
        replicas: { combine: 'majority', count: 3 },
      },
    },
    { id: 'n', kind: 'sql', inputs: ['labels'], query: 'SELECT kind,\n  count(*) FROM labels GROUP BY 1' },
  ],
  outputs: ['labels', 'n'],
};

it('should show what a person has to know of each step, and no more of its texts than fits', () => {
  const lines = planView(plan, new Map([['labels', '1,500 calls']])).split('\n');
  expect(lines[0]).toBe('  labels  map of messages · text → kind · model small · 3 replicas, majority');
  expect(lines[1]?.trim()).toBe('What each message wants.');
  expect(lines[2]?.trim()).toMatch(/^Is \{\{text\}\} a or b\? x+…$/);
  expect(lines[3]?.trim()).toBe('1,500 calls');
  expect(lines.slice(4).map((line) => line.trim())).toEqual([
    'n       sql of labels',
    'SELECT kind, count(*) FROM labels GROUP BY 1',
    'results: labels, n',
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
});

it('should say what rows take of a step by what they hold themselves', () => {
  const template = { mode: 'agent' as const, instructions: 'Do {{task}}', output, outputFrom: 'wants' };
  const agent = { ...template, capabilities: ['builtin:fetch' as const, 'builtin:sql' as const], capabilitiesFrom: 'tools' };
  const [line] = planView({ ...plan, steps: [{ id: 'done', kind: 'map', input: 'tasks', template: agent }], outputs: ['done'] }).split(
    '\n',
  );
  expect(line).toContain('task → kind (of each row those in wants)');
  expect(line).toContain('agent with builtin:fetch, builtin:sql (of each row those in tools)');
});

it('should compare plans as documents, and be silent where nothing differs', () => {
  const after = { ...plan, outputs: ['n'] };
  expect(planDiff({ name: 'version 1', plan }, { name: 'version 2', plan: after }).split('\n')).toEqual(
    expect.arrayContaining(['--- version 1', '+++ version 2', '-  - labels']),
  );
  expect(planDiff({ name: 'version 1', plan }, { name: 'version 2', plan })).toBe('');
});
