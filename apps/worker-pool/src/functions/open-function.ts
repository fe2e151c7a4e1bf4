import { capabilityIdOf, executorOperations, fabricOperations, type PythonCapability } from '@apwa/contracts';
import { type Messaging } from '@apwa/messaging';
import { FunctionCalls, type FunctionPlace } from './function-calls.js';

/** The calls of a stage's function, wherever the executor says that it is; of no stage where it is tried. */
export const openFunction = (stageId: string | null, called: PythonCapability, messaging: Messaging): FunctionCalls => {
  const { maxBatch, maxWaitMs } = called;
  return new FunctionCalls({ maxBatch, maxWaitMs, open: () => openPlace(stageId, called, messaging) });
};

const openPlace = async (stageId: string | null, called: PythonCapability, messaging: Messaging): Promise<FunctionPlace> => {
  const { hash, cluster, generation } = await (stageId === null
    ? messaging.request(executorOperations.openTrial, { capability: called })
    : messaging.request(executorOperations.openCapability, { stageId, capability: capabilityIdOf(called) }));
  const operations = fabricOperations(cluster, generation);
  return {
    call: async (call, rows, signal) => (await messaging.request(operations.call, { hash, call, rows }, { signal })).results,
    // Nobody waits for it: a call that is not ended runs in vain, to no harm.
    cancel: (call, running) => void messaging.request(operations.cancel, { call, running }).catch(() => undefined),
  };
};
