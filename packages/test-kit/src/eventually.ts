import { until } from '@apwa/stack';

export interface EventuallyOptions {
  /** Milliseconds. Default 30,000: what takes a moment may take long on a machine with much else to do. */
  timeoutMs?: number;
  /** What is waited for, for the message of a failure. Default: the condition's source text. */
  what?: string;
}

/**
 * Waits until `condition` answers something truthy and resolves to it. What it throws counts as "not yet"; the last such error is
 * told when the time is up.
 */
export const eventually = async <T>(condition: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<NonNullable<T>> => {
  let last: Error | undefined;
  const what = options.what ?? condition.toString().slice(0, 200);
  try {
    return await until(
      async () => {
        try {
          last = undefined;
          return await condition();
        } catch (error) {
          last = error instanceof Error ? error : new Error(String(error));
          return null;
        }
      },
      { timeoutMs: options.timeoutMs ?? 30_000, what },
    );
  } catch (error) {
    if (last === undefined) throw error;
    throw new AggregateError([error, last], `${(error as Error).message}; at last it threw: ${last.message}`, { cause: error });
  }
};
