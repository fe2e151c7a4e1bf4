export { parseEnv } from './parse-env.js';
export { createLogger, NestLogger, type Logger, type LoggerOptions, type LogLevel } from './logger.js';
export { hideSecrets, loggable, secretsOf, withoutCredentials } from './secrets.js';
export { Lifecycle, type LifecycleOptions, type LifecycleState, type Stop } from './lifecycle.js';
export { followLifeline, type LifelineOptions } from './lifeline.js';
export { waitForPostgres, type WaitForPostgresOptions } from './postgres/wait-for-postgres.js';
export { applyMigrations, type ApplyMigrationsOptions } from './migrations/apply-migrations.js';
export { isHealthy, touchHealthFile } from './health/health-file.js';
