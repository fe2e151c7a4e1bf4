import { type UsedSecret } from '@apwa/contracts';
import { type z } from 'zod';
import { type OpenApi, type Operation, type SecurityScheme } from './document.js';
import { Unsupported } from './schema.js';

type Secret = z.input<typeof UsedSecret>;

export interface SecuritySettings {
  document: OpenApi;
  /** Names of secrets by the names of security schemes. */
  secrets: ReadonlyMap<string, string>;
}

/** What a secret is called of a scheme that nobody gave another name for: `api_key` becomes `API_KEY`. */
const secretNameOf = (scheme: string): string =>
  scheme
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9_]+/g, '_')
    .replace(/^[^A-Z]+/, '');

/** The secrets that an operation needs, by name: of several ways in the first that can be gone. */
export const secretsOf = ({ security }: Operation, { document, secrets }: SecuritySettings): Secret[] => {
  const ways = security ?? document.security;
  if (ways.length === 0 || ways.some((way) => Object.keys(way).length === 0)) return [];
  const schemes = document.components.securitySchemes;
  const problems: string[] = [];
  for (const way of ways) {
    const found = Object.keys(way).map((name) => secretOf(name, schemes[name], secrets.get(name) ?? secretNameOf(name)));
    if (found.every((one): one is Secret => typeof one !== 'string')) return found;
    problems.push(...found.filter((one) => typeof one === 'string'));
  }
  throw new Unsupported('security', problems.join('; '));
};

/** A secret, or why a scheme cannot be one. */
const secretOf = (called: string, scheme: SecurityScheme | undefined, name: string): Secret | string => {
  if (!scheme) return `the security scheme ${called}, which is not there`;
  switch (scheme.type) {
    case 'apiKey':
      if ((scheme.in === 'header' || scheme.in === 'query') && scheme.name !== undefined) return { name, in: scheme.in, as: scheme.name };
      return `the security scheme ${called}, a key in ${scheme.in ?? 'no place'}`;
    case 'http': {
      const kind = scheme.scheme?.toLowerCase();
      if (kind === 'bearer') return { name, as: 'Authorization', prefix: 'Bearer ' };
      // The secret is what stands behind it: user and password, joined by a colon, in base 64.
      if (kind === 'basic') return { name, as: 'Authorization', prefix: 'Basic ' };
      return `the security scheme ${called}, which is HTTP ${scheme.scheme ?? 'of no kind'}`;
    }
    case 'oauth2':
    case 'openIdConnect':
      // Whoever has tokens made puts the present one where the secret is read from.
      return { name, as: 'Authorization', prefix: 'Bearer ' };
    default:
      return `the security scheme ${called} of the type ${scheme.type}`;
  }
};
