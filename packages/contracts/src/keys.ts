import { z } from 'zod';
import { Age } from './age.js';
import { KeyId } from './ids.js';

/**
 * What a key of the HTTP API may do: `read` looks at runs, tables, capabilities and pools and fetches results; `run` also begins and
 * controls runs, uploads, imports, exports and adds capabilities; `admin` also deletes, looks through storage and manages keys.
 */
export const Scope = z.enum(['read', 'run', 'admin']);
export type Scope = z.infer<typeof Scope>;

/** Each scope includes those before it. */
const ORDER: readonly Scope[] = Scope.options;

/** Whether a key of scope `has` may do what needs the scope `needed`. */
export const scopeCovers = (has: Scope, needed: Scope): boolean => ORDER.indexOf(has) >= ORDER.indexOf(needed);

/** A key itself: 192 random bits. Only who holds it knows it: it is sent as `Authorization: Bearer KEY` and kept as a hash. */
export const ApiKeyText = z.string().regex(/^apwa_[A-Za-z0-9_-]{32}$/, 'must be apwa_ and 32 letters, digits, - and _');
export type ApiKeyText = z.infer<typeof ApiKeyText>;

/** What a key is called: who or what has it. */
export const KeyName = z
  .string()
  .min(1)
  .max(100)
  .refine((name) => name.trim() === name && !/[\p{Cc}\p{Cs}]/u.test(name), 'must hold no control characters and no space at its ends');

/** A key as lists show it. */
export const ApiKey = z.strictObject({
  id: KeyId,
  name: KeyName,
  scope: Scope,
  /** The first characters of the key, by which its holder finds it. */
  prefix: z.string(),
  createdAt: z.iso.datetime(),
  /** Written down once a minute at most. */
  lastUsedAt: z.iso.datetime().nullable(),
  /** Null: it does not expire. */
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** `POST /v1/keys`. */
export const CreateKeyRequest = z.strictObject({
  name: KeyName,
  scope: Scope,
  /** From now on. Left out: it does not expire. */
  expiresIn: Age.optional(),
});
export type CreateKeyRequest = z.infer<typeof CreateKeyRequest>;

/** The answer to `POST /v1/keys`: the only one that holds the key itself. */
export const CreatedKey = ApiKey.extend({ key: ApiKeyText });
export type CreatedKey = z.infer<typeof CreatedKey>;

export const ApiKeyList = z.strictObject({ keys: z.array(ApiKey), next: z.string().nullable() });
export type ApiKeyList = z.infer<typeof ApiKeyList>;
