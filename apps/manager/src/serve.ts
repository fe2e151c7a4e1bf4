import 'reflect-metadata';
import { authOf, loadConfig } from '@apwa/config';
import { Lifecycle, createLogger, followLifeline, loggable, secretsOf } from '@apwa/service';
import { readEnv } from './env.js';
import { startManager } from './start.js';

/** Settings that are logged at start; others may be secrets. */
const LOGGED = ['storage.url', 'nats.url', 'manager.databaseUrl', 'manager.host', 'manager.port', 'planner.model', 'limits.uploadBytes'];

followLifeline();
await new Lifecycle({ log: createLogger('manager') }).run(async (signal) => {
  const env = readEnv(process.env);
  const config = await loadConfig(env.APWA_CONFIG === undefined ? {} : { path: env.APWA_CONFIG });
  const keys = Object.values(config.models).flatMap(({ endpoints }) => endpoints.flatMap(({ apiKey }) => apiKey ?? []));
  const secrets = [...secretsOf(config.manager.databaseUrl, config.nats.url), ...keys];
  const log = createLogger('manager', env.APWA_LOG_LEVEL ?? config.log.level, { secrets });
  log.info({ settings: loggable(config, LOGGED) }, 'starting');
  const manager = await startManager({ config, log }, signal);
  log.info({ url: manager.url, auth: authOf(config.manager) }, 'ready');
  return () => manager.stop();
});
