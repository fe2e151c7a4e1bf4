import { Health } from '@apwa/contracts';
import { capabilitiesClient, type CapabilitiesClient } from './capabilities.js';
import { Http, type HttpOptions } from './http.js';
import { keysClient, type KeysClient } from './keys.js';
import { poolsClient, type PoolsClient } from './pools.js';
import { runsClient, type RunsClient } from './runs.js';
import { storageClient, type StorageClient } from './storage.js';
import { tablesClient, type TablesClient } from './tables.js';
import { uploadsClient, type UploadsClient } from './uploads.js';

export type ClientOptions = HttpOptions;

export interface Client {
  readonly runs: RunsClient;
  readonly uploads: UploadsClient;
  readonly tables: TablesClient;
  readonly capabilities: CapabilitiesClient;
  readonly storage: StorageClient;
  readonly pools: PoolsClient;
  readonly keys: KeysClient;
  /** Whether the manager can reach what it needs. */
  ready(): Promise<Health>;
}

/** A client of the manager's HTTP API. Errors are those of `@apwa/contracts`; a manager that is away is a `TransientError`. */
export const createClient = (options: ClientOptions): Client => {
  const http = new Http(options);
  return {
    runs: runsClient(http),
    uploads: uploadsClient(http),
    tables: tablesClient(http),
    capabilities: capabilitiesClient(http),
    storage: storageClient(http),
    pools: poolsClient(http),
    keys: keysClient(http),
    ready: () => http.json(Health, 'GET', '/readyz'),
  };
};
