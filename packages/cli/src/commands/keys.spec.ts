import { type ApiKey, newId } from '@apwa/contracts';
import { keyRow } from './keys.js';

const at = (ms: number) => new Date(ms).toISOString();
const aKey: ApiKey = {
  id: newId('key'),
  name: 'ci',
  scope: 'run',
  prefix: 'apwa_abcd',
  createdAt: at(0),
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
};

it.each<[string, Partial<ApiKey>, string[]]>([
  ['it is good', {}, ['never', 'good']],
  ['it is in use', { lastUsedAt: at(7) }, [at(7), 'good']],
  ['it expires later', { expiresAt: at(1_001) }, ['never', `good until ${at(1_001)}`]],
  ['it has expired', { expiresAt: at(1_000) }, ['never', `expired ${at(1_000)}`]],
  ['it is revoked', { expiresAt: at(9), revokedAt: at(5) }, ['never', `revoked ${at(5)}`]],
])('should show what has become of a key: %s', (_, rest, cells) => {
  expect(keyRow({ ...aKey, ...rest }, 1_000)).toEqual([aKey.id, 'ci', 'run', 'apwa_abcd', at(0), ...cells]);
});
