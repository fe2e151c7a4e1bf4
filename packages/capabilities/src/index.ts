export { type CapabilityCall, type CapabilityRegistry, builtinCapabilities, capabilitiesWith, isSlow, openCapability } from './registry.js';
export { asText, type Binding, type BoundArguments, bindArguments, bindingOf } from './bindings.js';
export { columnsAddedBy, outputSchemaOf, propertiesOf, renamed } from './output.js';
export { SQL_LIMITS } from './builtins/sql.js';
