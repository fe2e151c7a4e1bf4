import { hashOf, newKeyText, prefixOf } from './key-text.js';
import { ApiKeyText } from '@apwa/contracts';
import { bearerOf, decideRevoke, isUseDue, type KeyFacts, verdictOf } from './verdict.js';

const at = (ms: number) => new Date(ms);
const aKey = (id: string, rest: Partial<KeyFacts> = {}): KeyFacts => ({
  id,
  scope: 'admin',
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
  ...rest,
});

describe('a new key', () => {
  it('should have the form of keys, and be another one each time', () => {
    const keys = Array.from({ length: 100 }, newKeyText);
    for (const key of keys) expect(ApiKeyText.safeParse(key).success).toBe(true);
    expect(new Set(keys).size).toBe(100);
  });

  it('should be known by a hash and a prefix that do not tell it', () => {
    const key = newKeyText();
    expect(hashOf(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(key)).not.toContain(key.slice(5));
    expect(prefixOf(key)).toHaveLength(9);
  });
});

it.each([
  [undefined, { kind: 'none' }],
  ['', { kind: 'other' }],
  ['Bearer', { kind: 'other' }],
  ['Bearer ', { kind: 'other' }],
  ['Bearer a b', { kind: 'other' }],
  ['Basic YTpi', { kind: 'other' }],
  ['apwa_x', { kind: 'other' }],
  ['Bearer apwa_x', { kind: 'key', key: 'apwa_x' }],
  ['bearer   apwa_x ', { kind: 'key', key: 'apwa_x' }],
])('should read the header %j', (header, bearer) => {
  expect(bearerOf(header)).toEqual(bearer);
});

it.each([
  ['there is none', null, 'unknown'],
  ['it does not expire', aKey('a'), 'good'],
  ['it expires later', aKey('a', { expiresAt: at(1_001) }), 'good'],
  ['it expires now', aKey('a', { expiresAt: at(1_000) }), 'expired'],
  ['it has expired', aKey('a', { expiresAt: at(999) }), 'expired'],
  ['it is revoked', aKey('a', { revokedAt: at(5) }), 'revoked'],
  ['it is revoked and has expired', aKey('a', { revokedAt: at(5), expiresAt: at(9) }), 'revoked'],
] as const)('should judge a key: %s', (_, key, verdict) => {
  expect(verdictOf(key, at(1_000))).toBe(verdict);
});

it.each([
  [null, true],
  [at(0), true],
  [at(40_000), true],
  [at(40_001), false],
  [at(100_000), false],
])('should note a use once a minute: last one at %s', (lastUsedAt, due) => {
  expect(isUseDue({ lastUsedAt }, at(100_000))).toBe(due);
});

it.each<[string, KeyFacts[], string]>([
  ['it is the only one', [aKey('a')], 'last_admin'],
  ['there is another admin', [aKey('a'), aKey('b')], 'revoke'],
  ['the other admin is revoked', [aKey('a'), aKey('b', { revokedAt: at(1) })], 'last_admin'],
  ['the other admin expires some day', [aKey('a'), aKey('b', { expiresAt: at(1e12) })], 'last_admin'],
  ['the others are no admins', [aKey('a'), aKey('b', { scope: 'run' })], 'last_admin'],
  ['it is no admin', [aKey('a', { scope: 'run' }), aKey('b')], 'revoke'],
  ['it is an admin that expires', [aKey('a', { expiresAt: at(1e12) }), aKey('b')], 'revoke'],
  ['it is revoked already', [aKey('a', { revokedAt: at(1) }), aKey('b')], 'nothing_to_do'],
])('should decide on revoking a key: %s', (_, keys, decision) => {
  expect(decideRevoke('a', keys)).toBe(decision);
});
