import { capabilityIdOf, type FabricDefinition, type PythonCapability, type Resources } from '@apwa/contracts';

/** What each of its places takes of a node. */
export const resourcesOf = ({ cpus, gpus, memoryMb }: PythonCapability): Resources => ({
  ...(cpus > 0 ? { cpus } : {}),
  ...(gpus > 0 ? { gpus } : {}),
  memoryMb,
});

/** A function as a fabric is told of it. */
export const definitionOf = (capability: PythonCapability): FabricDefinition => {
  const {
    source = null,
    module = null,
    function: name,
    cpus,
    gpus,
    memoryMb,
    pip,
    reuse,
    instances,
    timeoutMs,
    loadTimeoutMs,
    sandboxed = false,
  } = capability;
  return {
    id: capabilityIdOf(capability),
    source,
    module,
    function: name,
    cpus,
    gpus,
    memoryMb,
    pip,
    reuse,
    instances,
    timeoutMs,
    loadTimeoutMs,
    sandboxed,
  };
};
