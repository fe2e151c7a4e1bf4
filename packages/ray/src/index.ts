export { causeOf } from './cause-of.js';
export { cacheDir, ensureFabricTools, ensureRay, ensureRayWith, hasPython } from './environment.js';
export { type FabricPackage, packFabric, rayVersion } from './fabric-source.js';
export {
  JobsClient,
  type JobsClientOptions,
  type JobStatus,
  type RayJob,
  type RayVersion,
  type Submission,
  tokenFrom,
} from './jobs-client.js';
export { freePort, LOOPBACK } from './ports.js';
export { LocalHead, LocalNode, type LocalNodeOptions } from './local-node.js';
