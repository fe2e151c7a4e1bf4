import { ReduceStep } from '@apwa/contracts';
import { itemTokens, takenBefore, templateOfLevel } from './calls.js';

const reduce = (more: object = {}): ReduceStep =>
  ReduceStep.parse({
    id: 'acts',
    kind: 'reduce',
    input: 'scenes',
    template: { instructions: 'Summarise {{items}}', output: { type: 'object', properties: { summary: { type: 'string' } } } },
    ...more,
  });
const room = { contextTokens: 10_000, outputTokens: 1_000 };

describe('the calls of a reduce', () => {
  it('should leave room for instructions and answer, and twice as much for items as their bytes say', () => {
    const taken = takenBefore(reduce(), room);
    expect(taken).toBeGreaterThan(1_500);
    expect(taken + 2 * itemTokens(reduce(), room)).toBeLessThanOrEqual(room.contextTokens);
    expect(itemTokens(reduce(), room)).toBeGreaterThan(4_000);
    expect(itemTokens(reduce({ maxTokens: 77 }), room)).toBe(77);
  });

  it('should say of the items of each level what they are', () => {
    expect(templateOfLevel(reduce(), 1).instructions).toMatch(/^Summarise \{\{items\}\}\n\n\{\{items\}\} holds one item .*NUMBER/);
    expect(templateOfLevel(reduce(), 2).instructions).toMatch(
      /^Summarise \{\{items\}\}\n\n\{\{items\}\} holds one answer [^]*this very task/,
    );
    const merged = templateOfLevel(reduce({ merge: { instructions: 'Fold {{items}}' } }), 3).instructions;
    expect(merged).toMatch(/^Fold \{\{items\}\}\n\n\{\{items\}\} holds one answer/);
    expect(merged).not.toContain('this very task');
  });
});
