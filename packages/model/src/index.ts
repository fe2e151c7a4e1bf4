export * from './model.js';
export { type FailedCall, callOf } from './failed-call.js';
export { type CreateModelOptions, createModel } from './create-model.js';
export { retryAfterOf } from './retry-after.js';
export { ModelClient } from './client.js';
export { createTransport } from './transport.js';
