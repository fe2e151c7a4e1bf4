export {
  ClusterConfig,
  Config,
  EndpointConfig,
  LimitsConfig,
  ModelConfig,
  PlannerConfig,
  PoolConfig,
  PricesConfig,
  RateLimitsConfig,
  type RayPoolConfig,
  RetentionConfig,
  S3Config,
  StorageConfig,
  StructuredOutput,
  retentionMs,
} from './schema.js';
export { readCapabilityFile } from './capability-files.js';
export { invalidConfig, isObject } from './document.js';
export { withSource } from './source-files.js';
export { type McpServerConfig, type SecretConfig } from './capabilities.js';
export { authOf, isLoopback } from './auth.js';
export { describeConfig } from './describe.js';
export { type LoadOptions, loadConfig } from './load.js';
