import { BoundedCache } from './bounded-cache.js';

describe('BoundedCache', () => {
  it('should drop what was used longest ago', () => {
    const cache = new BoundedCache<string>(3);
    cache.set('a', 'A', 1);
    cache.set('b', 'B', 1);
    cache.set('c', 'C', 1);
    cache.get('a');
    cache.set('d', 'D', 1);
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.get('d')]).toEqual(['A', undefined, 'C', 'D']);
  });

  it('should not keep what is heavier than all of it, and count what it replaces', () => {
    const cache = new BoundedCache<string>(3);
    cache.set('a', 'A', 2);
    cache.set('a', 'A2', 3);
    expect(cache.get('a')).toBe('A2');
    cache.set('b', 'B', 4);
    expect([cache.get('a'), cache.get('b')]).toEqual(['A2', undefined]);
  });
});
