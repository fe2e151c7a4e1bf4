import { type Step } from '@apwa/contracts';
import { checkGraph, inOrder } from './graph.js';

const sql = (id: string, ...inputs: string[]): Step => ({ id, kind: 'sql', inputs, query: 'SELECT 1' });
const placed = (...steps: Step[]) => steps.map((step, index) => ({ index, step }));
const check = (steps: Step[], outputs: string[], requested: string[] = []) =>
  checkGraph(placed(...steps), outputs, ['messages', 'people'], requested, new Set());

describe('the graph of a plan', () => {
  it('should accept steps in any order', () => expect(check([sql('b', 'a'), sql('a', 'messages')], ['b'])).toEqual([]));

  it('should accept steps that nobody uses', () => expect(check([sql('a', 'messages'), sql('b', 'people')], ['a'])).toEqual([]));

  it('should name a cycle with its steps', () => {
    const [fault] = check([sql('a', 'c'), sql('b', 'a'), sql('c', 'b'), sql('d', 'messages')], ['d']);
    expect(fault?.message).toContain('a → c → b → a');
  });

  it('should take a step that reads itself for a cycle', () => expect(check([sql('a', 'a')], ['a'])[0]?.message).toContain('a → a'));

  it('should say which table was meant', () => {
    const [fault] = check([sql('a', 'mesages')], ['a']);
    expect(fault).toMatchObject({ field: 'steps[0].inputs[0]', value: 'mesages' });
    expect(fault?.allowed).toContain('did you mean messages?');
  });

  it('should refuse an id that is used twice, and one of an input', () => {
    const faults = check([sql('a', 'messages'), sql('a', 'messages'), sql('people', 'messages')], ['a']);
    expect(faults.map(({ field }) => field)).toEqual(['steps[1].id', 'steps[2].id']);
  });

  it('should refuse outputs that are inputs, unknown or doubled', () => {
    const faults = check([sql('a', 'messages')], ['a', 'a', 'people', 'b']);
    expect(faults.map(({ field }) => field)).toEqual(['outputs[1]', 'outputs[2]', 'outputs[3]']);
  });

  it('should want the steps whose files were asked for', () => {
    expect(check([sql('a', 'messages')], ['a'], ['findings'])[0]).toMatchObject({ allowed: 'a step with the id findings' });
  });

  it('should put each step behind what it reads, and leave cycles out', () => {
    const order = inOrder(placed(sql('c', 'b'), sql('b', 'messages'), sql('x', 'y'), sql('y', 'x'), sql('z', 'y')));
    expect(order.map(({ step }) => step.id)).toEqual(['b', 'c']);
  });
});
