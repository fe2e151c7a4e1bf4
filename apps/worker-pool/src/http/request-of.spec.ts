import { effectsOf, HttpCapability, type JsonObject } from '@apwa/contracts';
import { requestOf } from './request-of.js';

const definition = (more: object) =>
  HttpCapability.parse({
    kind: 'http',
    name: 'x',
    description: 'x',
    input: { type: 'object' },
    output: { type: 'object' },
    url: 'https://api.test/v1/items/{{id}}',
    ...more,
  });
const urlOf = (given: JsonObject, more: object = {}) => requestOf(definition(more), given).url.href;

describe('a request', () => {
  it.each<[JsonObject, string]>([
    [{ id: 7 }, 'https://api.test/v1/items/7'],
    [{ id: 'a b/c?d#e%2f' }, 'https://api.test/v1/items/a%20b%2Fc%3Fd%23e%252f'],
    [{ id: '@evil.test' }, 'https://api.test/v1/items/%40evil.test'],
    [{ id: '{{id}}' }, 'https://api.test/v1/items/%7B%7Bid%7D%7D'],
  ])('should have %j in its path as one segment', (given, url) => {
    expect(urlOf(given)).toBe(url);
  });

  it.each(['', '.', '..', null])('should not be made with %j for a part of its path', (id) => {
    expect(() => urlOf({ id })).toThrow(expect.objectContaining({ code: 'invalid_arguments' }) as Error);
    expect(() => urlOf({})).toThrow(expect.objectContaining({ code: 'invalid_arguments' }) as Error);
  });

  it('should leave out what is not given, and repeat what is a list', () => {
    const query = { q: '{{q}}', tag: '{{tags}}', limit: 10, none: '{{none}}', all: 'x-{{q}}' };
    expect(urlOf({ id: 1, q: 'a&b', tags: ['x', 'y'] }, { query })).toBe(
      'https://api.test/v1/items/1?q=a%26b&tag=x&tag=y&limit=10&all=x-a%26b',
    );
  });

  it('should have arguments in its body as they are', () => {
    const body = { title: '{{title}}', more: { n: '{{n}}', none: '{{none}}' }, list: ['{{n}}', 'n is {{n}}'], fixed: true };
    const request = requestOf(definition({ method: 'PUT', body }), { id: 1, title: 'a "b"', n: 2 });
    expect(JSON.parse(request.body ?? '')).toEqual({ title: 'a "b"', more: { n: 2 }, list: [2, 'n is 2'], fixed: true });
    expect(JSON.parse(requestOf(definition({ method: 'PUT', body: '{{all}}' }), { id: 1, all: { a: [1] } }).body ?? '')).toEqual({
      a: [1],
    });
  });

  it('should refuse to break out of a header', () => {
    const headers = { 'x-note': '{{note}}' };
    expect(requestOf(definition({ headers }), { id: 1, note: 'fine' }).headers).toEqual({ 'x-note': 'fine' });
    expect(requestOf(definition({ headers }), { id: 1 }).headers).toEqual({});
    expect(() => requestOf(definition({ headers }), { id: 1, note: 'a\r\nhost: evil.test' })).toThrow(
      expect.objectContaining({ code: 'invalid_arguments' }) as Error,
    );
  });

  it.each<[string, object]>([
    ['a host with a placeholder', { url: 'https://{{host}}/x' }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['a user', { url: 'https://user:word@api.test/' }],
    ['a query in the URL', { url: 'https://api.test/?a=1' }],
    ['a header of the connection', { headers: { Host: 'evil.test' } }],
  ])('should not be defined with %s', (_, more) => {
    expect(() => definition(more)).toThrow();
  });

  it.each([
    ['GET', 'none'],
    ['PUT', 'idempotent'],
    ['DELETE', 'idempotent'],
    ['POST', 'unsafe'],
    ['PATCH', 'unsafe'],
  ])('should have of %s the effects %s, unless it says others', (method, effects) => {
    expect(effectsOf(definition({ method }))).toBe(effects);
    expect(effectsOf(definition({ method, effects: 'none' }))).toBe('none');
  });
});
