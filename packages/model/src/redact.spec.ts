import { redact } from './redact.js';

describe('redact', () => {
  it.each([
    ['the key itself', 'wrong key s3cr3t/+key here', 's3cr3t/+key'],
    ['the key in a URL', `GET /?k=${encodeURIComponent('s3cr3t/+key')}`, 's3cr3t/+key'],
    ['a key as providers make them', 'Incorrect API key provided: sk-proj-abcdefghij1234', undefined],
    ['a half-hidden key', 'key sk-abcd****wxyz1234', undefined],
    ['a header', 'authorization: Bearer abc.def', undefined],
    ["Google's", 'AIzaSyA1234567890abcdefghijklmnop', undefined],
  ])('should take %s out', (_, text, secret) => {
    const clean = redact(text, secret);
    expect(clean).toContain('[key]');
    for (const part of ['s3cr3t', 'abcdefghij', 'wxyz', 'abc.def']) expect(clean).not.toContain(part);
  });

  it('should keep to one short line', () => {
    expect(redact(`a\n b\t${'x '.repeat(1_000)}`, undefined)).toHaveLength(301);
  });
});
