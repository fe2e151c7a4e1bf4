export * from '@apwa/stack';
export { compareSchema, type MadeAndSaid, type SchemaClient, type SchemaComparison, type SchemaQuestion } from './compare-schema.js';
export { eventually, type EventuallyOptions } from './eventually.js';
export { leakCheck, type LeakCheck } from './leak-check.js';
export { ensureS3Binary, INSTALL_TIMEOUT_MS } from './s3/s3-binary.js';
export { S3Server, type S3Storage } from './s3/s3-server.js';
export { scriptedModel, type Script, type ScriptedAnswer, type ScriptedModel, type ScriptedRequest } from './scripted-model.js';
export { tcpProxy, type TcpProxy } from './tcp-proxy.js';
export { tempDir, type TempDir } from './temp-dir.js';
