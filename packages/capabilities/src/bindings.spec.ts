import { type JsonValue } from '@apwa/contracts';
import { bindArguments, bindingOf } from './bindings.js';

describe('bindingOf', () => {
  it.each<[JsonValue, ReturnType<typeof bindingOf>]>([
    ['{{text}}', { kind: 'column', column: 'text' }],
    ['  {{ a b }} ', { kind: 'column', column: 'a b' }],
    ['{{a}}{{b}}', { kind: 'text', text: '{{a}}{{b}}', columns: ['a', 'b'] }],
    ['Dear {{name}}', { kind: 'text', text: 'Dear {{name}}', columns: ['name'] }],
    ['plain', { kind: 'constant', value: 'plain' }],
    ['{{}}', { kind: 'constant', value: '{{}}' }],
    [7, { kind: 'constant', value: 7 }],
    [['{{text}}'], { kind: 'constant', value: ['{{text}}'] }],
  ])('should read %j', (value, binding) => {
    expect(bindingOf(value)).toEqual(binding);
  });
});

describe('bindArguments', () => {
  const row = { text: 'Hi', n: 3, tags: ['a'], none: null };

  it('should keep the type of a column, and write values into texts', () => {
    const bound = bindArguments({ whole: '{{n}}', list: '{{tags}}', said: '{{text}} {{n}} {{tags}}{{none}}!', fixed: { a: 1 } });
    expect(bound.columns).toEqual(['n', 'tags', 'text', 'none']);
    expect(bound.of(row)).toEqual({ whole: 3, list: ['a'], said: 'Hi 3 ["a"]!', fixed: { a: 1 } });
  });

  it('should give null for a column without a value', () => {
    expect(bindArguments({ value: '{{none}}' }).of({})).toEqual({ value: null });
  });
});
