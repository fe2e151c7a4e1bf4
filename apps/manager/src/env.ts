import { parseEnv } from '@apwa/service';
import { z } from 'zod';

const LogLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']);

const Env = z.object({
  /** The configuration file. Default: the nearest `apwa.config.yaml`. */
  APWA_CONFIG: z.string().min(1).optional(),
  /** Default: `log.level` of the configuration. */
  APWA_LOG_LEVEL: LogLevel.optional(),
  /** `1`: the process ends when its standard input does. */
  APWA_LIFELINE: z.enum(['0', '1']).optional(),
});

/** What the manager reads from its environment, beside the configuration. */
export const readEnv = (source: NodeJS.ProcessEnv): z.output<typeof Env> => parseEnv(Env, source, 'manager');
