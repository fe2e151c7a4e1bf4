import { PoolList } from '@apwa/contracts';
import type { Http } from './http.js';

export const poolsClient = (http: Http) => ({
  /** Every pool of the configuration: who works in it, and what waits for it. */
  list: () => http.json(PoolList, 'GET', '/v1/pools'),
});
export type PoolsClient = ReturnType<typeof poolsClient>;
