import { AddCapabilityRequest, type Fault } from '@apwa/contracts';
import { faultsOfNew, faultsOfTrial, refusedCapability } from './new-capability.js';
import { hitsOf, tellingWords, wordsOf } from './words.js';

const schema = { type: 'object', properties: { text: { type: 'string' } } };
const shout = { kind: 'javascript', name: 'shout', description: 'In capitals', input: schema, output: schema, source: 'function run() {}' };
const look = { kind: 'http', name: 'look', description: 'Looks', url: 'https://a.example/', input: schema, output: schema };
const request = (definition: object, examples: object[] = []) => AddCapabilityRequest.parse({ definition, examples });

describe('a capability that is to be registered', () => {
  it('should be taken where nothing is wrong with it', () => {
    expect(faultsOfNew(request(shout, [{ input: { text: 'a' } }]))).toEqual([]);
    expect(faultsOfNew(request({ ...look, headers: { accept: 'text/plain' }, secrets: [{ name: 'KEY', as: 'Authorization' }] }))).toEqual(
      [],
    );
  });

  it.each<[string, object, object[], Partial<Fault>]>([
    ['a built-in name', { ...shout, name: 'fetch' }, [], { field: 'definition.name', value: 'fetch' }],
    ['arguments that are no object', { ...shout, input: { type: 'string' } }, [], { field: 'definition.input.type' }],
    [
      'an output of no columns',
      { ...shout, output: { type: 'object' } },
      [],
      { field: expect.stringMatching(/^definition\.output/) as string },
    ],
    ['a secret in a header', { ...look, headers: { Authorization: 'Bearer x' } }, [], { field: 'definition.headers.Authorization' }],
    ['a version of its own making', { ...shout, registered: { version: 1, hash: 'a'.repeat(64) } }, [], { field: 'definition.registered' }],
    ['examples of what is in no sandbox', look, [{ input: {} }], { field: 'examples', value: 'http' }],
  ])('should be refused with %s', (_, definition, examples, fault) => {
    expect(faultsOfNew(request(definition, examples))).toContainEqual(expect.objectContaining(fault));
  });

  it('should be told of the examples that failed alone, each with what it gave and what it must', () => {
    const examples = [{ input: { text: 'a' } }, { input: { text: 'b' }, output: { text: 'B' } }];
    const wrong = { passed: false, output: { text: 'b' }, error: { code: 'capability_bad_output' as const, message: 'it is not that' } };
    const faults = faultsOfTrial(request(shout, examples), [{ passed: true, output: { text: 'A' }, error: null }, wrong]);
    expect(faults).toEqual([
      { field: 'examples[1]', message: 'failed (capability_bad_output): it is not that', value: '{"text":"b"}', allowed: '{"text":"B"}' },
    ]);
    expect(refusedCapability(faults, 'examples_failed')).toMatchObject({
      code: 'examples_failed',
      details: { field: 'examples[1]', faults },
    });
  });
});

describe('words that are looked for', () => {
  it('should be found in names and descriptions, each once', () => {
    const words = wordsOf('Text, text-LENGTH!');
    expect(words).toEqual(['text', 'length']);
    expect(hitsOf(words, { name: 'text_length', description: 'x' })).toBe(2);
    expect(hitsOf(words, { name: 'x', description: 'The Length of it' })).toBe(1);
    expect(wordsOf()).toEqual([]);
    expect(tellingWords(wordsOf('a digit of it'))).toEqual(['digit']);
    expect(tellingWords(['id'])).toEqual(['id']);
  });
});
