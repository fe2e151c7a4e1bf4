import { readFile } from 'node:fs/promises';
import { deployedAccounts } from './accounts.js';

describe('the users of NATS', () => {
  it('should stand in infra/nats as the contracts say (else: npm run nats -w @apwa/stack)', async () => {
    expect(await readFile(new URL('../../../../infra/nats/users.conf', import.meta.url), 'utf8')).toBe(deployedAccounts());
  });
});
