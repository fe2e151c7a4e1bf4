import { type Scope } from '@apwa/contracts';

/** What decides on a key. */
export interface KeyFacts {
  id: string;
  scope: Scope;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

export type Bearer = { kind: 'none' } | { kind: 'other' } | { kind: 'key'; key: string };

/** What the header `Authorization` of a request holds. */
export const bearerOf = (header: string | undefined): Bearer => {
  if (header === undefined) return { kind: 'none' };
  const key = /^Bearer +(\S+)$/i.exec(header.trim())?.[1];
  return key === undefined ? { kind: 'other' } : { kind: 'key', key };
};

/** What is to be said of the key that somebody sends. */
export type KeyVerdict = 'good' | 'unknown' | 'revoked' | 'expired';

export const verdictOf = (key: Pick<KeyFacts, 'expiresAt' | 'revokedAt'> | null, now: Date): KeyVerdict => {
  if (!key) return 'unknown';
  if (key.revokedAt) return 'revoked';
  return key.expiresAt && key.expiresAt <= now ? 'expired' : 'good';
};

/** Between two notes that a key was used, in milliseconds: a write per request would cost more than most requests. */
export const USE_NOTED_MS = 60_000;

export const isUseDue = ({ lastUsedAt }: Pick<KeyFacts, 'lastUsedAt'>, now: Date): boolean =>
  !lastUsedAt || now.getTime() - lastUsedAt.getTime() >= USE_NOTED_MS;

export type RevokeDecision = 'revoke' | 'nothing_to_do' | 'last_admin';

/**
 * Whether a key may be revoked, of all that there are. An admin key that does not expire stays, whatever happens: without one
 * nobody could make another.
 */
export const decideRevoke = (id: string, keys: KeyFacts[]): RevokeDecision => {
  if (keys.some((key) => key.id === id && key.revokedAt)) return 'nothing_to_do';
  const lasting = keys.filter(({ scope, expiresAt, revokedAt }) => scope === 'admin' && !expiresAt && !revokedAt);
  return lasting.length === 1 && lasting[0]?.id === id ? 'last_admin' : 'revoke';
};
