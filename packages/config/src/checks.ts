import { type Fault } from '@apwa/contracts';
import { type Config, type EndpointConfig, RESERVED_PARAMETERS } from './schema.js';

const parsedUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

const checkEndpoint = (endpoint: EndpointConfig, field: string): Fault[] => {
  const faults: Fault[] = [];
  const url = parsedUrl(endpoint.baseUrl);
  if (!url) faults.push({ field: `${field}.baseUrl`, message: 'is no URL', allowed: 'a URL such as https://api.openai.com/v1' });
  else if (url.username || url.password || url.search || url.hash)
    faults.push({ field: `${field}.baseUrl`, message: 'must hold no user, password, query or fragment: a key belongs in apiKey' });
  if (endpoint.apiKey && endpoint.apiKeyFile) faults.push({ field: `${field}.apiKeyFile`, message: 'must not stand beside apiKey' });
  if (endpoint.outputTokens >= endpoint.contextTokens)
    faults.push({
      field: `${field}.outputTokens`,
      message: `must be less than contextTokens (${endpoint.contextTokens})`,
      value: String(endpoint.outputTokens),
    });
  for (const key of RESERVED_PARAMETERS.filter((reserved) => Object.hasOwn(endpoint.parameters, reserved)))
    faults.push({ field: `${field}.parameters.${key}`, message: 'is set by us and cannot be passed on' });
  return faults;
};

const checkStorage = ({ storage }: Config): Fault[] => {
  const url = parsedUrl(storage.url);
  const ok = url && !url.password && ((url.protocol === 'file:' && url.host === '') || (url.protocol === 's3:' && url.host !== ''));
  return ok ? [] : [{ field: 'storage.url', message: 'is no place for tables', allowed: 'file:///folder or s3://bucket/prefix' }];
};

const checkPools = ({ pools }: Config): Fault[] =>
  pools.flatMap((pool, index) => [
    ...(pool.min > pool.max
      ? [{ field: `pools[${index}].min`, message: `must not be more than max (${pool.max})`, value: String(pool.min) }]
      : []),
    ...(pools.findIndex(({ name }) => name === pool.name) < index
      ? [{ field: `pools[${index}].name`, message: 'is the name of a pool before it', value: pool.name }]
      : []),
  ]);

/** What no schema of a single key can say. `fieldOf` names an endpoint as it was written. */
export const crossCheck = (config: Config, fieldOf: (model: string, endpoint: number) => string): Fault[] => {
  const names = Object.keys(config.models);
  const named = (field: string, value: string): Fault[] =>
    Object.hasOwn(config.models, value) ? [] : [{ field, message: `there is no model ${value}`, value, allowed: names.join(', ') }];
  return [
    ...named('model', config.model),
    ...(config.planner.model === config.model ? [] : named('planner.model', config.planner.model)),
    ...Object.entries(config.models).flatMap(([name, { endpoints }]) =>
      endpoints.flatMap((endpoint, index) => checkEndpoint(endpoint, fieldOf(name, index))),
    ),
    ...checkStorage(config),
    ...checkPools(config),
    ...(config.executor.heartbeatMs * 2 > config.executor.leaseMs
      ? [
          {
            field: 'executor.heartbeatMs',
            message: `must be at most half of leaseMs (${config.executor.leaseMs})`,
            value: String(config.executor.heartbeatMs),
          },
        ]
      : []),
  ];
};
