export {
  Config,
  EndpointConfig,
  LimitsConfig,
  ModelConfig,
  PlannerConfig,
  PoolConfig,
  PricesConfig,
  RateLimitsConfig,
  RetentionConfig,
  S3Config,
  StorageConfig,
  StructuredOutput,
  retentionMs,
} from './schema.js';
export { describeConfig } from './describe.js';
export { type LoadOptions, loadConfig } from './load.js';
