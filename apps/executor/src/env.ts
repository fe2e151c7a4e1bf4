import { parseEnv } from '@apwa/service';
import { z } from 'zod';

/** Settings of the process; all else is in the configuration file. */
export const Environment = z.object({
  /** Path of the configuration file. Default: `apwa.config.yaml` in the working folder. */
  APWA_CONFIG: z.string().min(1).optional(),
  /** A file that is touched while the executor does its work: what the health check of a container looks at. */
  APWA_HEALTH_FILE: z.string().min(1).optional(),
  APWA_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
  /** `1`: the process ends when its standard input does. */
  APWA_LIFELINE: z.enum(['0', '1']).optional(),
  /**
   * How a member of a pool of the backend `processes` is started: a JSON array of the program and its arguments.
   * Default: this Node with the worker pool's `dist/main.js` beside this service.
   */
  APWA_MEMBER_COMMAND: z
    .string()
    .transform((text, context) => {
      const command = z.array(z.string().min(1)).min(1).safeParse(parseJson(text));
      if (command.success) return command.data;
      context.addIssue({ code: 'custom', message: 'must be a JSON array of texts, such as ["node", "main.js"]' });
      return z.NEVER;
    })
    .optional(),
});
export type Environment = z.infer<typeof Environment>;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** RefusedError `invalid_settings` names what is wrong or unknown. */
export const readEnv = (source: NodeJS.ProcessEnv): Environment => parseEnv(Environment, source, 'executor');
