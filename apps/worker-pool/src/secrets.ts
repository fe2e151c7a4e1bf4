import { type Config } from '@apwa/config';
import { secretsOf } from '@apwa/service';

/** Every secret that the configuration holds: no line of the log may. */
export const secretsIn = (config: Config): string[] => [
  ...Object.values(config.models).flatMap(({ endpoints }) => endpoints.flatMap(({ apiKey }) => (apiKey ? [apiKey] : []))),
  ...Object.values(config.secrets).flatMap(({ value }) => (value === undefined ? [] : [value])),
  ...Object.values(config.mcpServers).flatMap(({ headers, env }) => [...Object.values(headers), ...Object.values(env)]),
  ...(config.storage.s3?.secretAccessKey ? [config.storage.s3.secretAccessKey] : []),
  ...secretsOf(config.nats.url, config.manager.databaseUrl, config.executor.databaseUrl),
];
