import { type Fault } from '@apwa/contracts';
import { type z } from 'zod';
import { isLoopback } from './auth.js';
import { type ClusterConfig, type Config, type EndpointConfig, type RayPoolConfig, RESERVED_PARAMETERS } from './schema.js';

/** As it was written: the pools of clusters stand with them. */
type Document = z.output<typeof Config>;

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

const checkStorage = ({ storage }: Document): Fault[] => {
  const url = parsedUrl(storage.url);
  const ok = url && !url.password && ((url.protocol === 'file:' && url.host === '') || (url.protocol === 's3:' && url.host !== ''));
  return ok ? [] : [{ field: 'storage.url', message: 'is no place for tables', allowed: 'file:///folder or s3://bucket/prefix' }];
};

const checkPools = ({ pools, ray }: Document): Fault[] => {
  const all = [
    ...pools.map((pool, index) => ({ pool, field: `pools[${index}]` })),
    ...ray.clusters.flatMap((cluster, at) => cluster.pools.map((pool, index) => ({ pool, field: `ray.clusters[${at}].pools[${index}]` }))),
  ];
  const faults = all.flatMap(({ pool, field }, index) => [
    ...(pool.min > pool.max
      ? [{ field: `${field}.min`, message: `must not be more than max (${pool.max})`, value: String(pool.min) }]
      : []),
    ...(all.findIndex((other) => other.pool.name === pool.name) < index
      ? [{ field: `${field}.name`, message: 'is the name of a pool before it', value: pool.name }]
      : []),
  ]);
  return all.length > 0 ? faults : [{ field: 'pools', message: 'must have one pool or more' }];
};

const checkNats = ({ nats: { url, passwordFolder, caFile } }: Document): Fault[] => [
  ...(passwordFolder !== undefined && url.includes('@')
    ? [{ field: 'nats.passwordFolder', message: 'must not stand beside a user or password in nats.url' }]
    : []),
  ...(caFile !== undefined && !url.startsWith('tls:')
    ? [{ field: 'nats.caFile', message: 'goes with a nats.url that begins with tls:// alone' }]
    : []),
];

const checkCluster = (cluster: ClusterConfig, field: string, nats: Document['nats']): Fault[] => {
  const local = cluster.start === 'local';
  const own = (['address', 'tokenFile', 'natsUrl', 'natsUrlFile', 'natsCaFile'] as const).filter(
    (key) => local && cluster[key] !== undefined,
  );
  const faults: Fault[] = own.map((key) => ({
    field: `${field}.${key}`,
    message: 'must not stand beside `start: local`: the executor sets it itself',
  }));
  if (local) return faults;
  if (cluster.address === undefined) faults.push({ field: `${field}.address`, message: 'is missing' });
  if (cluster.cpus !== undefined) faults.push({ field: `${field}.cpus`, message: 'goes with `start: local` alone' });
  if (cluster.natsUrl && cluster.natsUrlFile) faults.push({ field: `${field}.natsUrlFile`, message: 'must not stand beside natsUrl' });
  const unsaid = !cluster.natsUrl && !cluster.natsUrlFile;
  if (unsaid && nats.passwordFolder !== undefined)
    faults.push({
      field: `${field}.natsUrlFile`,
      message: 'is missing: NATS asks for passwords (nats.passwordFolder), and the fabric has one of its own',
    });
  else if (unsaid && nats.url.includes('@'))
    faults.push({
      field: `${field}.natsUrlFile`,
      message: 'is missing: nats.url holds a password, which everybody who may look at the cluster could read',
    });
  return faults;
};

/** What Ray would refuse of each member, and a limit that none would live to see. */
const checkRayPool = ({ residentMb, resources: { gpus = 0, memoryMb, custom = {} } }: RayPoolConfig, field: string): Fault[] => [
  ...(gpus > 1 && !Number.isInteger(gpus)
    ? [{ field: `${field}.resources.gpus`, message: 'must be a whole number, or less than 1: Ray counts so', value: String(gpus) }]
    : []),
  ...Object.entries({ CPU: 'cpus', GPU: 'gpus', memory: 'memoryMb' })
    .filter(([name]) => Object.hasOwn(custom, name))
    .map(([name, key]) => ({ field: `${field}.resources.custom.${name}`, message: `is Ray's own: it is asked for by ${key}` })),
  ...(memoryMb !== undefined && residentMb !== undefined && residentMb >= memoryMb
    ? [
        {
          field: `${field}.residentMb`,
          message: `must be less than resources.memoryMb (${memoryMb}), at which a member is ended`,
          value: String(residentMb),
        },
      ]
    : []),
];

const checkClusters = ({ ray: { clusters }, nats }: Document): Fault[] =>
  clusters.flatMap((cluster, index) => [
    ...checkCluster(cluster, `ray.clusters[${index}]`, nats),
    ...cluster.pools.flatMap((pool, at) => checkRayPool(pool, `ray.clusters[${index}].pools[${at}]`)),
    ...(clusters.findIndex(({ name }) => name === cluster.name) < index
      ? [{ field: `ray.clusters[${index}].name`, message: 'is the name of a cluster before it', value: cluster.name }]
      : []),
  ]);

const checkSecrets = ({ secrets }: Document): Fault[] =>
  Object.entries(secrets).flatMap(([name, { value, file }]): Fault[] => {
    if (value !== undefined && file !== undefined) return [{ field: `secrets.${name}.file`, message: 'must not stand beside value' }];
    if (value === undefined && file === undefined) return [{ field: `secrets.${name}.value`, message: 'is missing, and so is file' }];
    return [];
  });

const checkMcpServers = ({ mcpServers }: Document): Fault[] =>
  Object.entries(mcpServers).flatMap(([name, { url, command, args, env, folder, headers }]): Fault[] => {
    const field = `mcpServers.${name}`;
    if (url === undefined && command === undefined) return [{ field: `${field}.url`, message: 'is missing, and so is command' }];
    if (url !== undefined && command !== undefined) return [{ field: `${field}.command`, message: 'must not stand beside url' }];
    if (url !== undefined && !parsedUrl(url)) return [{ field: `${field}.url`, message: 'is no URL' }];
    const own = { args: args.length > 0, env: Object.keys(env).length > 0, folder: folder !== undefined };
    if (url !== undefined)
      return Object.entries(own).flatMap(([key, said]) => (said ? [{ field: `${field}.${key}`, message: 'goes with command alone' }] : []));
    return Object.keys(headers).length > 0 ? [{ field: `${field}.headers`, message: 'goes with url alone' }] : [];
  });

/** Whoever else reaches the port would have everything: there is no way around. */
const checkAuth = ({ manager: { auth, host } }: Document): Fault[] =>
  auth === 'none' && !isLoopback(host)
    ? [
        {
          field: 'manager.auth',
          message: `must be keys, as manager.host is ${host}: none is for a host that this machine alone reaches, such as 127.0.0.1`,
          value: auth,
          allowed: 'keys',
        },
      ]
    : [];

/** What no schema of a single key can say. `fieldOf` names an endpoint as it was written. */
export const crossCheck = (config: Document, fieldOf: (model: string, endpoint: number) => string): Fault[] => {
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
    ...checkNats(config),
    ...checkClusters(config),
    ...checkAuth(config),
    ...checkSecrets(config),
    ...checkMcpServers(config),
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
