import { type ApiKey, RefusedError, Scope } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { EXIT, type ExitCode } from '../exit.js';
import { readAge } from '../inputs/age.js';
import { columns, print, quietDisplay } from '../output.js';
import { withSession } from '../session.js';
import { type JsonOption, readLimit } from './runs.js';

export interface CreateKeyOptions extends JsonOption {
  scope?: string;
  expires?: string;
}

const readScope = (text: string | undefined): Scope => {
  const scope = Scope.safeParse(text);
  if (scope.success) return scope.data;
  throw new RefusedError('bad_input', text === undefined ? 'It is not said what the key may do.' : `--scope ${text} is not known.`, {
    field: '--scope',
    ...(text === undefined ? {} : { value: text }),
    allowed: 'read (look at everything), run (begin and control runs too), admin (delete and manage keys too)',
  });
};

/** A stack that is started for the time of a command asks for no key: one of its own would be good for nothing. */
const withClient = <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
  if (process.env.APWA_URL) return withSession(quietDisplay(), ({ client }) => work(client));
  throw new RefusedError('bad_input', 'Keys are those of a manager that runs, and it is not said which.', {
    field: 'APWA_URL',
    allowed: 'the address of a manager, such as http://127.0.0.1:8484',
  });
};

/** `apwa keys create`: the key alone on standard output, so that it can go into a file without being seen. */
export const createKey = async (name: string, { scope, expires, json }: CreateKeyOptions): Promise<ExitCode> => {
  const request = {
    name,
    scope: readScope(scope),
    ...(expires === undefined ? {} : { expiresIn: readAge('--expires', expires, 'a duration') }),
  };
  const made = await withClient((client) => client.keys.create(request));
  if (json) print(JSON.stringify(made));
  else {
    process.stderr.write(
      `${made.id} (${made.scope}) ${made.expiresAt ? `expires ${made.expiresAt}` : 'does not expire'}. It is shown this once:\n`,
    );
    print(made.key);
  }
  return EXIT.succeeded;
};

const stateOf = ({ revokedAt, expiresAt }: ApiKey, now: number): string => {
  if (revokedAt) return `revoked ${revokedAt}`;
  if (!expiresAt) return 'good';
  return Date.parse(expiresAt) <= now ? `expired ${expiresAt}` : `good until ${expiresAt}`;
};

const HEADINGS = ['KEY', 'NAME', 'SCOPE', 'BEGINS WITH', 'CREATED', 'LAST USED', 'STATE'];

/** What a list shows of a key. */
export const keyRow = (key: ApiKey, now: number): string[] => [
  key.id,
  key.name,
  key.scope,
  key.prefix,
  key.createdAt,
  key.lastUsedAt ?? 'never',
  stateOf(key, now),
];

export const listKeys = async ({ json, limit }: JsonOption & { limit?: string }): Promise<ExitCode> => {
  const page = readLimit(limit);
  const { keys } = await withClient((client) => client.keys.list(page));
  print(json ? JSON.stringify(keys) : columns([HEADINGS, ...keys.map((key) => keyRow(key, Date.now()))]));
  return EXIT.succeeded;
};

export const revokeKey = async (id: string, { json }: JsonOption): Promise<ExitCode> => {
  const key = await withClient((client) => client.keys.revoke(id));
  print(json ? JSON.stringify(key) : `${key.id} (${key.name}) is revoked: requests with it are refused from now on.`);
  return EXIT.succeeded;
};
