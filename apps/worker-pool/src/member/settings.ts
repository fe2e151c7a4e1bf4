import { type Config } from '@apwa/config';
import { RefusedError, type Resources } from '@apwa/contracts';
import { type Environment } from '../env.js';

/** What a member is, as configuration and environment say. */
export interface MemberSettings {
  pool: string;
  /** Calls in flight at most. */
  slots: number;
  resources: Resources;
  /** Given by the backend that started the process; null if it was somebody else. */
  instance: string | null;
  /** Milliseconds that calls in flight have to finish when the member drains. */
  graceMs: number;
  /** Touched with each heartbeat that is answered; null: nobody looks at it. */
  healthFile: string | null;
}

const DEFAULT_GRACE_MS = 10_000;

/** RefusedError `unknown_pool` if the configuration has none of that name. */
export const memberSettings = (config: Config, environment: Environment): MemberSettings => {
  const pool = config.pools.find(({ name }) => name === environment.APWA_POOL);
  if (!pool)
    throw new RefusedError('unknown_pool', `the configuration has no pool "${environment.APWA_POOL}"`, {
      field: 'APWA_POOL',
      value: environment.APWA_POOL,
      allowed: config.pools.map(({ name }) => name).join(', '),
    });
  return {
    pool: pool.name,
    slots: pool.slots,
    resources: pool.resources,
    instance: environment.APWA_INSTANCE ?? null,
    graceMs: DEFAULT_GRACE_MS,
    healthFile: environment.APWA_HEALTH_FILE ?? null,
  };
};
