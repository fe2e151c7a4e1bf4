import { excerpt, type Fault, pathOf, RefusedError } from '@apwa/contracts';
import { type z } from 'zod';

/** What this process reads from its environment by itself, whatever service it is; `APWA_MODEL` where no file configures one. */
const ALWAYS_KNOWN = ['APWA_CONFIG', 'APWA_LIFELINE', 'APWA_LOG_LEVEL', 'APWA_MODEL'];
/** Names of this form override the configuration file; its own schema checks them. */
const OVERRIDE_PREFIX = 'APWA__';
/** A name that looks like this may hold a secret: its value is not shown. */
const SECRET = /KEY|SECRET|PASSWORD|TOKEN|CREDENTIAL|URL/i;

/**
 * The settings of a service from its environment: of `source` only what `schema` names is looked at. Throws RefusedError
 * `invalid_settings` that lists every missing or wrong one, and every name beginning with `APWA_` that the service does not
 * know (`APWA__…` apart: those override the configuration file).
 */
export const parseEnv = <S extends z.ZodObject>(schema: S, source: NodeJS.ProcessEnv, serviceName: string): z.output<S> => {
  const known = Object.keys(schema.shape);
  const chosen = Object.fromEntries(known.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])));
  const result = schema.safeParse(chosen);
  const faults = [...unknownNames(source, known), ...(result.error?.issues ?? []).map((issue) => faultOf(issue, source))];
  if (result.success && faults.length === 0) return result.data;
  const text = faults.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new RefusedError('invalid_settings', `Settings of ${serviceName}: ${text}.`, { field: faults[0]?.field ?? serviceName, faults });
};

const unknownNames = (source: NodeJS.ProcessEnv, known: string[]): Fault[] => {
  const names = [...new Set([...known, ...ALWAYS_KNOWN])].sort();
  return Object.keys(source)
    .filter((name) => name.startsWith('APWA_') && !name.startsWith(OVERRIDE_PREFIX) && !names.includes(name))
    .sort()
    .map((name) => ({ field: name, message: 'is not a setting', allowed: names.filter((one) => one.startsWith('APWA_')).join(', ') }));
};

const faultOf = (issue: z.core.$ZodIssue, source: NodeJS.ProcessEnv): Fault => {
  const field = pathOf(issue.path);
  const value = source[field];
  if (value === undefined) return { field, message: 'is missing' };
  return { field, message: `is wrong (${issue.message})`, ...(SECRET.test(field) ? {} : { value: excerpt(value) }) };
};
