import { createHash } from 'node:crypto';
import { type Config, type EndpointConfig, RateLimitsConfig } from '@apwa/config';
import { isOfModel, type PermitPlace } from '@apwa/contracts';

/** An endpoint of the configuration as the provider sees it: one account, one model; or an account of capabilities. */
export interface KnownEndpoint {
  /** SHA-256 of address and model: the same whatever the endpoint is called here, and without the key. */
  readonly id: string;
  readonly limits: RateLimitsConfig;
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

const stricter = (a: RateLimitsConfig, b: RateLimitsConfig): RateLimitsConfig => ({
  requestsPerMinute: least(a.requestsPerMinute, b.requestsPerMinute),
  tokensPerMinute: least(a.tokensPerMinute, b.tokensPerMinute),
  inFlight: least(a.inFlight, b.inFlight),
  reserve: Math.max(a.reserve, b.reserve),
});

export const placeKey = (place: PermitPlace): string => (isOfModel(place) ? `${place.model}/${place.endpoint}` : place.account);

/**
 * The endpoints by their places. Places with the same address, model and key are one endpoint: the provider counts their calls together,
 * by the stricter of their limits.
 */
export const endpointsOf = ({ models }: Pick<Config, 'models'>): Map<string, KnownEndpoint> => {
  const byAccount = new Map<string, { id: string; limits: RateLimitsConfig }>();
  const places = new Map<string, KnownEndpoint>();
  for (const [model, { endpoints }] of Object.entries(models))
    for (const [endpoint, config] of endpoints.entries()) {
      const limits = config.limits ?? RateLimitsConfig.parse({});
      const account = accountOf(config);
      const known = byAccount.get(account);
      const one = known ?? { id: idOf(config), limits };
      one.limits = known ? stricter(known.limits, limits) : limits;
      byAccount.set(account, one);
      places.set(placeKey({ model, endpoint }), one);
    }
  return places;
};

const accountOf = ({ baseUrl, name, apiKey, apiKeyFile }: EndpointConfig): string => JSON.stringify([baseUrl, name, apiKey, apiKeyFile]);

const idOf = ({ baseUrl, name }: EndpointConfig): string => createHash('sha256').update(`${baseUrl}\n${name}`).digest('hex');
