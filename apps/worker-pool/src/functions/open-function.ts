import { type CapabilityId, capabilityIdOf, executorOperations, fabricOperations, type PythonCapability } from '@apwa/contracts';
import { type Messaging } from '@apwa/messaging';
import { FunctionCalls, type FunctionPlace } from './function-calls.js';

/** The calls of a stage's function, wherever the executor says that it is. */
export const openFunction = (stageId: string, called: PythonCapability, messaging: Messaging): FunctionCalls => {
  const { maxBatch, maxWaitMs } = called;
  return new FunctionCalls({ maxBatch, maxWaitMs, open: () => openPlace(stageId, capabilityIdOf(called), messaging) });
};

const openPlace = async (stageId: string, capability: CapabilityId, messaging: Messaging): Promise<FunctionPlace> => {
  const { hash, cluster, generation } = await messaging.request(executorOperations.openCapability, { stageId, capability });
  const operations = fabricOperations(cluster, generation);
  return {
    call: async (call, rows, signal) => (await messaging.request(operations.call, { hash, call, rows }, { signal })).results,
    // Nobody waits for it: a call that is not ended runs in vain, to no harm.
    cancel: (call, running) => void messaging.request(operations.cancel, { call, running }).catch(() => undefined),
  };
};
