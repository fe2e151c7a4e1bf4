import 'reflect-metadata';
import { loadConfig } from '@apwa/config';
import { createLogger, followLifeline, Lifecycle, loggable, secretsOf } from '@apwa/service';
import { readEnv } from './env.js';
import { TIMING } from './settings.js';
import { startExecutor } from './start.js';

/** Settings that are logged at start; others may be secrets. */
const LOGGED = ['storage.url', 'nats.url', 'executor.databaseUrl', 'executor.leaseMs', 'executor.heartbeatMs', 'pools'];
/** Milliseconds beyond the members' drain: requests end, connections are closed. */
const CLOSING_MS = 8_000;

followLifeline();
const lifecycle = new Lifecycle({ log: createLogger('executor'), graceMs: TIMING.drainMs + CLOSING_MS });
await lifecycle.run(async (signal) => {
  const env = readEnv(process.env);
  const config = await loadConfig(env.APWA_CONFIG === undefined ? {} : { path: env.APWA_CONFIG });
  const secrets = secretsOf(config.executor.databaseUrl, config.nats.url);
  const log = createLogger('executor', env.APWA_LOG_LEVEL ?? config.log.level, { secrets });
  log.info({ settings: loggable(config, LOGGED) }, 'starting');
  const executor = await startExecutor(
    {
      config,
      log,
      stop: (reason) => void lifecycle.fail(reason),
      memberCommand: env.APWA_MEMBER_COMMAND ?? null,
      healthFile: env.APWA_HEALTH_FILE ?? null,
    },
    signal,
  );
  log.info('ready');
  return (patience) => executor.stop(patience);
});
