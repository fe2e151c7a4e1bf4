import { ApiKeyText, CreateKeyRequest, Scope, scopeCovers } from './keys.js';

describe('the scope of a key', () => {
  it.each([
    ['read', ['read']],
    ['run', ['read', 'run']],
    ['admin', ['read', 'run', 'admin']],
  ] as const)('%s should cover %j', (has, covered) => {
    expect(Scope.options.filter((needed) => scopeCovers(has, needed))).toEqual(covered);
  });
});

describe('a request for a key', () => {
  it.each([
    { name: 'ci', scope: 'run' },
    { name: 'Ada’s laptop', scope: 'read', expiresIn: '90d' },
  ])('should be taken: %j', (request) => {
    expect(CreateKeyRequest.safeParse(request).success).toBe(true);
  });

  it.each([
    ['no name', { name: '', scope: 'run' }],
    ['a name with a line break', { name: 'a\nb', scope: 'run' }],
    ['a name with a space at its end', { name: 'a ', scope: 'run' }],
    ['a name that is too long', { name: 'a'.repeat(101), scope: 'run' }],
    ['no scope', { name: 'a' }],
    ['an unknown scope', { name: 'a', scope: 'root' }],
    ['an expiry of nothing', { name: 'a', scope: 'run', expiresIn: '0d' }],
    ['an unknown key', { name: 'a', scope: 'run', expires: '1d' }],
  ])('should be refused: %s', (_, request) => {
    expect(CreateKeyRequest.safeParse(request).success).toBe(false);
  });
});

it.each(['', 'apwa_', `apwa_${'a'.repeat(31)}`, `apwa_${'a'.repeat(33)}`, `apwa_${'a'.repeat(31)}\n`, `sk-${'a'.repeat(34)}`])(
  'should not take %j for a key',
  (text) => {
    expect(ApiKeyText.safeParse(text).success).toBe(false);
  },
);
