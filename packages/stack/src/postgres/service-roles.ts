import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** The services that have a schema of their own. */
const OWNERS = ['manager', 'executor'] as const;
type Owner = (typeof OWNERS)[number];

/** A deployment's own, found from this package's place in the repository. */
const ROLES = fileURLToPath(new URL('../../../../infra/postgres/roles.sql', import.meta.url));

/** Roles of a server's services, whose passwords are made anew with each start. */
export class ServiceRoles {
  readonly #passwords = new Map(OWNERS.map((owner) => [owner, randomBytes(16).toString('hex')] as const));

  /** Makes the roles and their schemas in a database, by its superuser's URL; gives the URLs that the services have. */
  async provide(databaseUrl: string): Promise<Record<Owner, string>> {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      for (const [owner, password] of this.#passwords)
        await client.query('SELECT set_config($1, $2, false)', [`apwa.${owner}_password`, password]);
      await client.query(await readFile(ROLES, 'utf8'));
    } finally {
      await client.end();
    }
    return { manager: this.#urlFor('manager', databaseUrl), executor: this.#urlFor('executor', databaseUrl) };
  }

  #urlFor(owner: Owner, databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.username = `apwa_${owner}`;
    url.password = this.#passwords.get(owner) ?? '';
    return url.href;
  }
}
