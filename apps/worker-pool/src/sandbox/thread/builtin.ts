import { openCapability } from '@apwa/capabilities';
import { ApwaError, excerpt, RowErrorCode } from '@apwa/contracts';
import { type Task, type TaskAnswer } from '../tasks.js';

/** Calls a built-in capability. */
export const callBuiltin = async ({ id, given }: Extract<Task, { kind: 'builtin' }>): Promise<TaskAnswer> => {
  try {
    const call = openCapability(id);
    if (!call) return { kind: 'unusable', code: 'capability_load_failed', message: `There is no ${id}.` };
    return { kind: 'output', output: await call(given) };
  } catch (thrown) {
    const { code, message } = ApwaError.from(thrown);
    const known = RowErrorCode.safeParse(code);
    return { kind: 'failed', code: known.success ? known.data : 'capability_failed', message: excerpt(message, 1_000) };
  }
};
