export * from './storage/storage.js';
export { openStorage } from './storage/open-storage.js';
export { manifestPrefix, manifestsOf, readManifest, readManifestChain, writeManifest } from './manifests/manifests.js';
export { readChainRows, readRows, readPage, type RowSelection } from './parquet/read-rows.js';
export { readResults } from './parquet/read-results.js';
export { writeMapPart, misfitOf, type MapPartContent } from './parquet/write-map-part.js';
export { columnsOfRows, queryOfRows } from './sql/inline-rows.js';
export { TableJobs } from './jobs/table-jobs.js';
export * from './jobs/types.js';
