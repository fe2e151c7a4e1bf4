export * from './rules.js';
export * from './ledger-types.js';
export * from './ledger.js';
export * from './suspicion.js';
export * from './holder-types.js';
export * from './holder.js';
export * from './row-book.js';
