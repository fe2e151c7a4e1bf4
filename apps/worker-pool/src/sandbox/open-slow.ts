import { type CapabilityId } from '@apwa/contracts';
import { type OpenCapability } from '../capabilities/capability-call.js';
import { outputOf } from './open-javascript.js';
import { type Threads } from './threads.js';

/** What a built-in capability may take, where it may take long. Milliseconds. */
const TIMEOUT_MS = 5_000;

/** The calls of a built-in capability that may take long: each where it can be ended. */
export const openSlow = (id: CapabilityId, threads: Threads): OpenCapability['call'] => {
  threads.warm();
  return async ({ given, control }) => {
    const wanted = () => !control.signal.aborted && control.mayBegin();
    return outputOf(await threads.run({ kind: 'builtin', id, given }, { timeoutMs: TIMEOUT_MS, wanted }));
  };
};
