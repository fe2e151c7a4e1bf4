export { columnsOfSchema } from './columns.js';
export { type CompiledSchema, compileSchema } from './compile.js';
export { type Dialect, type LoweredSchema, lowerSchema } from './lower.js';
