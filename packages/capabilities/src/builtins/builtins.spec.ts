import { Capability, type JsonObject } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { builtinCapabilities, isSlow, openCapability } from '../registry.js';

describe.each(builtinCapabilities.list().map((capability) => [capability.id, capability] as const))('%s', (id, capability) => {
  it('should be described as others will be, with schemas that compile', () => {
    expect(Capability.parse(capability)).toEqual(capability);
    expect(() => compileSchema(capability.input)).not.toThrow();
    expect(() => compileSchema(capability.output)).not.toThrow();
    expect(columnsOfSchema(capability.output).length).toBeGreaterThan(0);
    expect(builtinCapabilities.find(id)).toBe(capability);
  });
});

const call = async (name: string, given: JsonObject) => {
  const id = `builtin:${name}`;
  const capability = builtinCapabilities.find(id);
  expect(compileSchema(capability?.input ?? {}).validate(given)).toEqual([]);
  const output = await openCapability(id)?.(given);
  expect(compileSchema(capability?.output ?? {}).validate(output)).toEqual([]);
  return output;
};

describe('text_length', () => {
  it.each<[string | null, number | null, number | null]>([
    ['', 0, 0],
    ['abc', 3, 3],
    ['größer', 6, 8],
    ['😀 日本', 4, 11],
    ['\uDC00', 1, 3],
    [null, null, null],
  ])('should measure %j', async (text, characters, bytes) => {
    expect(await call('text_length', { text })).toEqual({ characters, bytes });
  });
});

describe('word_count', () => {
  it.each<[string | null, number | null, number | null]>([
    ['', 0, 0],
    ['  ', 0, 1],
    ['One, two – and 3.', 4, 1],
    ["It's\r\na line.\nEnd", 4, 3],
    [null, null, null],
  ])('should count %j', async (text, words, lines) => {
    expect(await call('word_count', { text })).toEqual({ words, lines });
  });

  it('should find the words of a script that writes no spaces', async () => {
    const counted = await call('word_count', { text: '今日は良い天気です。' });
    expect(counted?.words).toBeGreaterThan(2);
    expect(counted?.words).toBeLessThan(9);
  });
});

describe('identity', () => {
  it.each([['text'], [1.5], [null], [{ a: [1, { b: true }] }]])('should give %j back', async (value) => {
    expect(await call('identity', { value })).toEqual({ value });
  });
});

it('should have those called where they can be ended that may take long', () => {
  expect(builtinCapabilities.list().flatMap(({ id }) => (isSlow(id) ? [id] : []))).toEqual([
    'builtin:text_search',
    'builtin:text_replace',
    'builtin:table_read',
    'builtin:json_query',
    'builtin:html_query',
    'builtin:xml_query',
  ]);
});

it('should know nothing of others', () => {
  expect(builtinCapabilities.find('builtin:none')).toBeUndefined();
  expect(openCapability('builtin:none')).toBeUndefined();
});

const fails = (name: string, given: JsonObject) => expect(call(name, given)).rejects;

describe('calculate', () => {
  it.each<[string, number]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 ** -1', 0.5],
    ['10 - 4 - 3', 3],
    ['7 % 4 + .5e1', 8],
    ['round(net * 1.19, 2)', 11.9],
    ['max(1, net, 3) + sqrt(16) + floor(pi)', 17],
    ['--3 - +1', 2],
  ])('should give the value of %s', async (expression, value) => {
    expect(await call('calculate', { expression, variables: { net: 10 } })).toEqual({ value });
  });

  it.each([
    '',
    '1 +',
    '(1',
    '1)',
    '1 2',
    'foo',
    'foo(1)',
    'process.exit()',
    'constructor',
    '__proto__',
    'toString(1)',
    '1; 2',
    '('.repeat(500),
  ])('should say what is wrong with %j', async (expression) => {
    await fails('calculate', { expression }).toMatchObject({ code: 'invalid_arguments' });
  });

  it.each(['1 / 0', 'sqrt(-1)', '9 ^ 9999'])('should give no value to %s', async (expression) => {
    await fails('calculate', { expression }).toMatchObject({ code: 'capability_failed' });
  });
});

describe('dates', () => {
  it.each<[string | null, string | undefined, string | null, string | null]>([
    ['2024-02-29', undefined, '2024-02-29T00:00:00.000Z', 'thursday'],
    ['2024-02-29T23:30:00-02:00', undefined, '2024-03-01T01:30:00.000Z', 'friday'],
    ['2023-02-29', undefined, null, null],
    ['next week', undefined, null, null],
    [null, undefined, null, null],
    ['3. March 1999', 'D. MMMM YYYY', '1999-03-03T00:00:00.000Z', 'wednesday'],
    ['03.12.2001 07:05', 'DD.MM.YYYY HH:mm', '2001-12-03T07:05:00.000Z', 'monday'],
    ['12/31/1999', 'MM/DD/YYYY', '1999-12-31T00:00:00.000Z', 'friday'],
    ['31/12/1999', 'MM/DD/YYYY', null, null],
  ])('should read %j by %j', async (text, format, moment, weekday) => {
    const date = moment === null ? null : moment.slice(0, 10);
    expect(await call('date_parse', { text, ...(format ? { format } : {}) })).toEqual({ date, moment, weekday });
  });

  it.each<[string, number, string, string]>([
    ['2024-01-31', 1, 'months', '2024-02-29'],
    ['2024-02-29', 1, 'years', '2025-02-28'],
    ['2024-03-31', -1, 'months', '2024-02-29'],
    ['2024-12-31', 1, 'days', '2025-01-01'],
    ['2024-01-01', -2, 'weeks', '2023-12-18'],
  ])('should add to %s %d %s', async (date, amount, unit, later) => {
    expect(await call('date_add', { date, amount, unit })).toEqual({ date: later });
  });

  it('should be as far from each other as they are', async () => {
    expect(await call('date_difference', { from: '2024-02-28', to: '2024-03-01' })).toEqual({ days: 2, seconds: 172_800 });
    expect(await call('date_difference', { from: '2024-03-01T12:00:00Z', to: '2024-03-01' })).toEqual({ days: 0, seconds: -43_200 });
    await fails('date_difference', { from: 'soon', to: '2024-03-01' }).toMatchObject({ code: 'invalid_arguments' });
    await fails('date_add', { date: '2024-03-01', amount: 900_000, unit: 'years' }).toMatchObject({ code: 'capability_failed' });
  });
});

describe('texts', () => {
  it('should be searched for what stands in them', async () => {
    const text = 'a.b a+b A.B';
    expect(await call('text_search', { text, pattern: 'a.b' })).toEqual({ count: 1, matches: [{ start: 0, end: 3, text: 'a.b' }] });
    expect(await call('text_search', { text, pattern: 'a.b', ignoreCase: true })).toMatchObject({ count: 2 });
    expect(await call('text_search', { text, pattern: 'a.b', regex: true, limit: 1 })).toMatchObject({ count: 2, matches: [{ start: 0 }] });
    expect(await call('text_search', { text: 'aa', pattern: 'x*', regex: true })).toMatchObject({ count: 3 });
    await fails('text_search', { text, pattern: '(', regex: true }).toMatchObject({ code: 'invalid_arguments' });
  });

  it('should be cut by offsets', async () => {
    expect(await call('text_slice', { text: 'abcdef', start: 1, end: 3 })).toEqual({ part: 'bc', length: 6 });
    expect(await call('text_slice', { text: 'abcdef', start: -2 })).toEqual({ part: 'ef', length: 6 });
  });
});

describe('documents', () => {
  it('should be asked by JSONPath', async () => {
    const json = {
      items: [
        { price: 5, name: 'a' },
        { price: 15, name: 'b' },
      ],
    };
    const path = '$.items[?@.price < 10].name';
    expect(await call('json_query', { json, path })).toEqual({ count: 1, values: ['a'] });
    expect(await call('json_query', { json: JSON.stringify(json), path: '$..price' })).toEqual({ count: 2, values: [5, 15] });
    await fails('json_query', { json: '{', path }).toMatchObject({ code: 'invalid_arguments' });
    await fails('json_query', { json, path: 'items[' }).toMatchObject({ code: 'invalid_arguments' });
  });

  it('should be asked by CSS selectors', async () => {
    const html = '<ul><li class=x>One <b>and</b>\n half<li><a href="/2">Two</a></ul><script>alert(1)</script>';
    expect(await call('html_query', { html, selector: 'li.x' })).toEqual({ count: 1, texts: ['One and half'] });
    expect(await call('html_query', { html, selector: 'a', attribute: 'href' })).toEqual({ count: 1, texts: ['/2'] });
    expect(await call('html_query', { html, selector: 'b', attribute: 'href' })).toEqual({ count: 1, texts: [null] });
    const xml = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><r><Item n="1">&e;x &amp; y</Item><item/></r>';
    expect(await call('xml_query', { xml, selector: 'Item' })).toEqual({ count: 1, texts: ['&e;x & y'] });
    await fails('html_query', { html, selector: 'li[' }).toMatchObject({ code: 'invalid_arguments' });
    await fails('html_query', { html: '<div>'.repeat(5_000), selector: 'div' }).toMatchObject({ code: 'invalid_arguments' });
  });
});
