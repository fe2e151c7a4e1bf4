import { PoolName } from '@apwa/contracts';
import { z } from 'zod';

/** Settings of a member that come with its process; all else is in the configuration file. */
export const Environment = z.object({
  /** Path of the configuration file. Default: `apwa.config.yaml` in the working folder. */
  APWA_CONFIG: z.string().min(1).optional(),
  /** The pool that the member belongs to: one of the configuration's. Default `default`. */
  APWA_POOL: PoolName.default('default'),
  /** Given by the backend that started the member, so that it recognises it when it joins. */
  APWA_INSTANCE: z.string().min(1).optional(),
  /** A file that is touched with each heartbeat that is answered: what the health check of a container looks at. */
  APWA_HEALTH_FILE: z.string().min(1).optional(),
  APWA_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
  /** `1`: the process ends when its standard input does, so that it never outlives its parent. */
  APWA_LIFELINE: z.enum(['0', '1']).optional(),
});
export type Environment = z.infer<typeof Environment>;
