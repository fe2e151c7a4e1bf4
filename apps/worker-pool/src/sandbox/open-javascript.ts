import { type JavascriptCapability, type JsonObject, PermanentError, RefusedError } from '@apwa/contracts';
import { type CallControl } from '../rows/control.js';
import { type Task, type TaskAnswer } from './tasks.js';
import { type Threads } from './threads.js';

/** The calls of a function in JavaScript. */
export const openJavascript = (definition: JavascriptCapability, threads: Threads) => {
  const { source, function: name, memoryMb, timeoutMs } = definition;
  const task = (given: string | null): Task => ({ kind: 'javascript', source, function: name, given, memoryMb, timeoutMs });
  threads.warm();
  return {
    /** RefusedError if it can't be loaded. */
    prepare: async (): Promise<void> => {
      const answer = await threads.run(task(null), { timeoutMs, wanted: () => true });
      if (answer?.kind === 'failed') throw unusable('capability_load_failed', `it can't be loaded: ${answer.message}`, source);
      if (answer?.kind === 'unusable') throw unusable(answer.code, answer.message, source);
    },
    call: async (given: JsonObject, control: CallControl): Promise<JsonObject | null> => {
      const wanted = () => !control.signal.aborted && control.mayBegin();
      return outputOf(await threads.run(task(JSON.stringify(given)), { timeoutMs, wanted }), source);
    },
  };
};

/** PermanentError with the row's code, RefusedError if it can't be called for any row. */
export const outputOf = (answer: TaskAnswer | null, source?: string): JsonObject | null => {
  switch (answer?.kind) {
    case undefined:
    case 'loaded':
      return null;
    case 'output':
      return answer.output;
    case 'unusable':
      throw unusable(answer.code, answer.message, source);
    case 'failed':
      throw new PermanentError(answer.code, answer.message);
  }
};

const unusable = (code: string, message: string, source: string | undefined): RefusedError =>
  new RefusedError(code, message, { field: 'source', value: source, allowed: 'JavaScript with the function at its top level' });
