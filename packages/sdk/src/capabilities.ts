import {
  type AddCapabilityRequest,
  CapabilityDetails,
  CapabilityList,
  type CapabilityQuery,
  type CapabilityVersionQuery,
} from '@apwa/contracts';
import type { z } from 'zod';
import type { Http } from './http.js';

/** What templates of plans may call. */
export const capabilitiesClient = (http: Http) => ({
  /** By name. `q`: words that stand in name or description. */
  list: (query: Partial<CapabilityQuery> = {}) => http.json(CapabilityList, 'GET', '/v1/capabilities', { query }),
  get: (name: string, query: CapabilityVersionQuery = {}) =>
    http.json(CapabilityDetails, 'GET', `/v1/capabilities/${encodeURIComponent(name)}`, { query }),
  /** Refused (`examples_failed`) where an example does not give what it must; the same content again is the version that it was. */
  add: (request: z.input<typeof AddCapabilityRequest>) => http.json(CapabilityDetails, 'POST', '/v1/capabilities', { body: request }),
  /** It is offered no more; plans that were checked before have its content. */
  remove: (name: string) => http.json(CapabilityDetails, 'DELETE', `/v1/capabilities/${encodeURIComponent(name)}`),
});
export type CapabilitiesClient = ReturnType<typeof capabilitiesClient>;
