import { Capability, type JsonObject } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { builtinCapabilities, openCapability } from '../registry.js';

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

it('should know nothing of others', () => {
  expect(builtinCapabilities.find('builtin:none')).toBeUndefined();
  expect(openCapability('builtin:none')).toBeUndefined();
});
