import { ApwaError } from '@apwa/contracts';

export interface Patience {
  /** Milliseconds before the second try; doubled with each further one, a random share of it taken off. */
  firstMs: number;
  mostMs: number;
  /** Which errors are worth another try. */
  heals: (error: ApwaError) => boolean;
  /** Milliseconds after which the error is thrown on. Default: never. */
  givesUpAfterMs?: number;
}

export interface Waiting {
  /** Nobody waits for the outcome any more. */
  over: () => boolean;
  /** Sleeps, and may wake early when something changed. */
  wait: (ms: number) => Promise<void>;
  failed?: (error: ApwaError) => void;
}

const isTransient = (error: ApwaError): boolean => error.class === 'transient';

/** Of another service: a fault of its own, or of a database that restarts, may be gone later; what was refused stays so. */
export const mayHeal = (error: ApwaError): boolean => isTransient(error) || error.class === 'internal';

/** Of requests to the executor that must get their answer some time. */
export const EXECUTOR_PATIENCE: Patience = { firstMs: 200, mostMs: 5_000, heals: mayHeal };
export const STORAGE_PATIENCE: Patience = { firstMs: 200, mostMs: 5_000, heals: isTransient, givesUpAfterMs: 10 * 60_000 };
/** A journal that can't be read for so long is done without: its rows are asked again. */
export const JOURNAL_PATIENCE: Patience = { firstMs: 100, mostMs: 2_000, heals: isTransient, givesUpAfterMs: 60_000 };

export const delayOf = ({ firstMs, mostMs }: Patience, failures: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);

/**
 * Runs `work` until it succeeds, and throws on what does not heal; undefined as soon as `over()` says so.
 */
export const retrying = async <Result>(
  work: () => Promise<Result>,
  patience: Patience,
  { over, wait, failed }: Waiting,
): Promise<Result | undefined> => {
  const begun = performance.now();
  for (let failures = 0; !over(); failures++) {
    try {
      return await work();
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      if (over()) return undefined;
      if (!patience.heals(error) || performance.now() - begun > (patience.givesUpAfterMs ?? Infinity)) throw error;
      failed?.(error);
      await wait(Math.max(error.details.retryAfterMs ?? 0, delayOf(patience, failures)));
    }
  }
  return undefined;
};
