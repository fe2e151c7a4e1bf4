import { writeFile } from 'node:fs/promises';
import { deployedAccounts } from './accounts.js';

await writeFile(new URL('../../../../infra/nats/users.conf', import.meta.url), deployedAccounts());
