import { ApiKey, ApiKeyList, CreatedKey, type CreateKeyRequest } from '@apwa/contracts';
import type { Http } from './http.js';

/** Keys of the API: they are managed with one of the scope `admin`. */
export const keysClient = (http: Http) => ({
  /** The only answer that holds the key itself. */
  create: (request: CreateKeyRequest) => http.json(CreatedKey, 'POST', '/v1/keys', { body: request }),
  list: (page: { limit?: number; after?: string } = {}) => http.json(ApiKeyList, 'GET', '/v1/keys', { query: page }),
  /** It is good for nothing from then on; refused (`last_admin_key`) if nobody could make another one then. */
  revoke: (id: string) => http.json(ApiKey, 'POST', `/v1/keys/${id}/revoke`, { body: {} }),
});
export type KeysClient = ReturnType<typeof keysClient>;
