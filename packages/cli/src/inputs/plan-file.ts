import { readFile } from 'node:fs/promises';
import { MAX_PLAN_BYTES, Plan, RefusedError } from '@apwa/contracts';
import { parse } from 'yaml';
import { faultsOfPlan } from './plan-faults.js';
import { withSources } from './source-files.js';

/** What a YAML or JSON file holds. Throws `RefusedError` naming the option, the file and what is wrong with it. */
export const readDocument = async (option: string, path: string, allowed: string): Promise<unknown> => {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new RefusedError('bad_input', `${path} cannot be read: ${cause.message}`, {
      field: option,
      value: path,
      allowed: 'a YAML or JSON file',
      cause,
    });
  });
  if (Buffer.byteLength(text) > MAX_PLAN_BYTES)
    throw new RefusedError('bad_input', `${path} is too large for ${allowed}.`, {
      field: option,
      value: path,
      allowed: `${MAX_PLAN_BYTES} bytes`,
    });
  return parseDocument(option, text, path, allowed);
};

/** What a text holds that is YAML or JSON. `path`: where it comes from. */
export const parseDocument = (option: string, text: string, path: string, allowed: string): unknown => {
  try {
    return parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RefusedError('bad_input', `${path} is neither YAML nor JSON: ${message}`, { field: option, value: path, allowed, cause });
  }
};

/** A plan document from a YAML or JSON file. Throws `RefusedError` naming the file, the place and what is wrong there. */
export const readPlanFile = async (path: string, option = '--plan'): Promise<Plan> => {
  return planOf(await withSources(await readDocument(option, path, 'a plan as `apwa plan` prints it'), path), path, option);
};

/** The plan that a document is. `path`: where it comes from. */
export const planOf = (document: unknown, path: string, option = '--plan'): Plan => {
  const plan = Plan.safeParse(document);
  if (plan.success) return plan.data;
  const faults = faultsOfPlan(plan.error, document);
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new RefusedError('invalid_plan', `${path}: ${first?.field ?? 'plan'}: ${first?.message ?? 'is no plan'}${more}`, {
    field: option,
    faults,
  });
};
