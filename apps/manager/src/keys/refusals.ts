import { RefusedError, type Scope } from '@apwa/contracts';

/** Where a key is expected. */
const FIELD = 'authorization';
const HEADER = 'the header "Authorization: Bearer KEY" with a key that is good; an admin makes one with: apwa keys create';

const refused = (code: string, message: string): RefusedError => new RefusedError(code, message, { field: FIELD, allowed: HEADER });

export const keyMissing = (): RefusedError => refused('key_missing', 'The manager answers nobody without a key, and the request has none.');

/** What was sent as a key stays out of the answer. */
export const keyRefused = (verdict: 'unknown' | 'revoked' | 'expired'): RefusedError => {
  switch (verdict) {
    case 'unknown':
      return refused('key_unknown', 'The manager does not know the key of the request.');
    case 'revoked':
      return refused('key_revoked', 'The key of the request was revoked.');
    case 'expired':
      return refused('key_expired', 'The key of the request has expired.');
  }
};

export const scopeTooSmall = (has: Scope, needed: Scope): RefusedError =>
  new RefusedError('scope_too_small', `This needs a key of the scope ${needed}, and the scope of this key is ${has}.`, {
    field: FIELD,
    value: has,
    allowed: `a key of the scope ${needed}${needed === 'admin' ? '' : ' or more'}`,
  });

export const lastAdmin = (id: string): RefusedError =>
  new RefusedError(
    'last_admin_key',
    `The key ${id} is the last one of the scope admin that does not expire: without it nobody could make another.`,
    {
      field: 'id',
      value: id,
      allowed: 'another key, or this one once there is a second admin key that does not expire',
    },
  );
