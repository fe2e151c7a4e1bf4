import { type SecretConfig } from '@apwa/config';
import { RefusedError, type UsedSecret } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { hostOf, isListed } from '../web/hosts.js';

/** Secrets of the configuration. Their values go into requests, and nowhere else. */
export class Secrets {
  constructor(private readonly configured: Readonly<Record<string, SecretConfig>>) {}

  /** RefusedError if a capability can't have what it names, with the definition's field. */
  check(used: readonly UsedSecret[], url: URL): void {
    for (const [index, { name }] of used.entries()) {
      const field = `secrets[${index}].name`;
      const secret = this.#find(name);
      if (!secret) {
        const allowed = Object.keys(this.configured).join(', ') || 'none: the configuration has no secrets';
        throw new RefusedError('missing_secret', `The configuration has no secret ${name}.`, { field, value: name, allowed });
      }
      if (!isListed(url, secret.hosts))
        throw new RefusedError('missing_secret', `Secret ${name} may not be sent to ${hostOf(url)}.`, {
          field,
          value: name,
          allowed: `hosts: ${secret.hosts.join(', ')}`,
        });
    }
  }

  /** Its value. RefusedError if its file can't be read. */
  async valueOf(name: string): Promise<string> {
    const { value, file } = this.#find(name) ?? {};
    if (value !== undefined) return value;
    try {
      const text = file === undefined ? '' : (await readFile(file, 'utf8')).trim();
      if (text !== '') return text;
    } catch {
      // The reason would name a path of the machine.
    }
    throw new RefusedError('missing_secret', `The file of secret ${name} is empty, or can't be read.`, { field: 'secrets', value: name });
  }

  #find(name: string): SecretConfig | undefined {
    return Object.hasOwn(this.configured, name) ? this.configured[name] : undefined;
  }
}
