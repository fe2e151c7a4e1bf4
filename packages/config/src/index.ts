export {
  Config,
  EndpointConfig,
  LimitsConfig,
  ModelConfig,
  PlannerConfig,
  PoolConfig,
  PricesConfig,
  RateLimitsConfig,
  S3Config,
  StorageConfig,
  StructuredOutput,
} from './schema.js';
export { describeConfig } from './describe.js';
export { type LoadOptions, loadConfig } from './load.js';
