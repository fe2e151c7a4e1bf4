import { type Config } from '@apwa/config';
import { type Logger } from '@apwa/service';

/** Injection token of the configuration. */
export const CONFIG = Symbol('config');
/** Injection token of the storage of parts, uploads and manifests. */
export const STORAGE = Symbol('storage');
/** Injection token of the planner's model. */
export const PLANNER_MODEL = Symbol('planner-model');

export type { Config, Logger };

/** Injection token of the service's log. */
export const LOG = Symbol('log');

/** How often and how long, in milliseconds. */
export const TIMING = {
  /** State of unfinished work is asked of the executor this often, whatever notices say (HAZARDS H19). */
  askMs: 10_000,
  /** The same while somebody watches a run: progress comes with it. */
  watchedAskMs: 1_000,
  /** A manager that says nothing for this long has lost the work that it held. */
  leaseMs: 6_000,
  renewMs: 2_000,
  /** Between two tries of something that is unavailable; doubled up to `retryMaxMs`. */
  retryMs: 500,
  retryMaxMs: 10_000,
  /** Notices of progress are answered by one question in this time, those of ends at once. */
  coalesceMs: 250,
  /** Events of a run: five a second at most. Its end does not wait. */
  eventMs: 200,
  heartbeatMs: 15_000,
  /** Whether something is old enough to go is looked at this often … */
  retainMs: 60_000,
  /** … and after this time again, while there is more of it. */
  biteMs: 1_000,
} as const;
export type Timing = { [key in keyof typeof TIMING]: number };
/** Injection token of the timing, shorter in tests. */
export const TIMES = Symbol('timing');
