export { createClient, type Client, type ClientOptions } from './client.js';
export { type CapabilitiesClient } from './capabilities.js';
export { type RunsClient } from './runs.js';
export { type KeysClient } from './keys.js';
export { type PoolsClient } from './pools.js';
export { type TablesClient, type TableImport } from './tables.js';
export { type UploadsClient, type UploadSource } from './uploads.js';
