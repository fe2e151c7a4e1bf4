import { type Fault, excerpt } from '@apwa/contracts';
import { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { fieldOf, isObject, keysOf } from './nodes.js';

/** Faults that are told at once: a repair turn has to read them. */
const MAX_FAULTS = 20;

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};
const EXAMPLES: Record<string, string> = {
  date: '2026-01-31',
  time: '14:05:00Z',
  'date-time': '2026-01-31T14:05:00Z',
  duration: 'P3DT4H',
  email: 'name@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/page',
  uuid: '123e4567-e89b-12d3-a456-426614174000',
};

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const named = (types: unknown): string =>
  (Array.isArray(types) ? types : [types]).map((type) => TYPES[String(type)] ?? String(type)).join(' or ');
const listed = (values: unknown[]): string => excerpt(values.map((value) => JSON.stringify(value)).join(', '), 1_000);

/** What a schema allows, in a few words. */
const allowedBy = (schema: unknown): string | undefined => {
  if (!isObject(schema)) return undefined;
  if (Array.isArray(schema.enum)) return listed(schema.enum);
  if ('const' in schema) return JSON.stringify(schema.const);
  const forms = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(forms)) {
    const words = [...new Set(forms.map(allowedBy).filter((word) => word !== undefined))];
    return words.length > 0 ? words.join(' or ') : undefined;
  }
  if (schema.type !== undefined) return named(schema.type);
  return 'properties' in schema ? TYPES.object : undefined;
};

interface Worded {
  /** Below the place of the error itself. */
  key?: string;
  message: string;
  allowed?: string;
  /** The value says something beside the message. */
  showsValue: boolean;
}

const countOf = (data: unknown): number => (typeof data === 'string' ? [...data].length : Object.keys(data as object).length);

const word = ({ keyword, params, data, parentSchema, message }: ErrorObject): Worded => {
  const limit = (params as { limit?: number }).limit;
  const parent: Record<string, unknown> = isObject(parentSchema) ? parentSchema : {};
  switch (keyword) {
    case 'required': {
      const { missingProperty: key } = params as { missingProperty: string };
      const known = isObject(parent.properties) && Object.hasOwn(parent.properties, key) ? parent.properties[key] : undefined;
      return { key, message: 'is missing', allowed: allowedBy(known), showsValue: false };
    }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const { additionalProperty, unevaluatedProperty } = params as { additionalProperty?: string; unevaluatedProperty?: string };
      const known = isObject(parent.properties) ? Object.keys(parent.properties) : [];
      return {
        key: additionalProperty ?? unevaluatedProperty,
        message: 'is not allowed here',
        allowed: known.length > 0 ? listed(known) : 'no key',
        showsValue: false,
      };
    }
    case 'type':
      return { message: `must be ${named(params.type)}, but is ${named(typeOf(data))}`, allowed: named(params.type), showsValue: true };
    case 'enum':
      return {
        message: 'is not one of the allowed values',
        allowed: listed((params as { allowedValues: unknown[] }).allowedValues),
        showsValue: true,
      };
    case 'const': {
      const value = JSON.stringify((params as { allowedValue: unknown }).allowedValue);
      return { message: `must be ${value}`, allowed: value, showsValue: true };
    }
    case 'minLength':
      return {
        message: `must have at least ${limit} characters, but has ${countOf(data)}`,
        allowed: `at least ${limit} characters`,
        showsValue: true,
      };
    case 'maxLength':
      return {
        message: `must have at most ${limit} characters, but has ${countOf(data)}`,
        allowed: `at most ${limit} characters`,
        showsValue: true,
      };
    case 'minItems':
      return {
        message: `must have at least ${limit} items, but has ${countOf(data)}`,
        allowed: `at least ${limit} items`,
        showsValue: false,
      };
    case 'maxItems':
      return {
        message: `must have at most ${limit} items, but has ${countOf(data)}`,
        allowed: `at most ${limit} items`,
        showsValue: false,
      };
    case 'minProperties':
      return {
        message: `must have at least ${limit} keys, but has ${countOf(data)}`,
        allowed: `at least ${limit} keys`,
        showsValue: false,
      };
    case 'maxProperties':
      return { message: `must have at most ${limit} keys, but has ${countOf(data)}`, allowed: `at most ${limit} keys`, showsValue: false };
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum': {
      const allowed = `${(params as { comparison: string }).comparison} ${limit}`;
      return { message: `must be ${allowed}`, allowed, showsValue: true };
    }
    case 'multipleOf':
      return { message: `must be a multiple of ${(params as { multipleOf: number }).multipleOf}`, showsValue: true };
    case 'pattern': {
      const { pattern } = params as { pattern: string };
      return { message: `must match the pattern ${pattern}`, allowed: `text that matches ${pattern}`, showsValue: true };
    }
    case 'format': {
      const { format } = params as { format: string };
      const example = EXAMPLES[format];
      return { message: `is no valid ${format}`, allowed: example ? `${format}, for example ${example}` : format, showsValue: true };
    }
    case 'uniqueItems':
      return { message: 'must not hold the same item twice', showsValue: false };
    case 'oneOf':
      return { message: 'fits several of the allowed forms, but must fit exactly one', showsValue: true };
    case 'anyOf':
      return { message: 'fits none of the allowed forms', allowed: allowedBy(parent), showsValue: true };
    case 'not':
      return { message: 'is of a form that is not allowed', allowed: `not ${excerpt(parent.not)}`, showsValue: true };
    case 'contains':
      return { message: `must hold items such as ${excerpt(parent.contains)}`, showsValue: false };
    default:
      return { message: message ?? `breaks ${keyword}`, showsValue: true };
  }
};

const faultOf = (error: ErrorObject, prefix: string): Fault => {
  const { key, message, allowed, showsValue } = word(error);
  const field = fieldOf([...keysOf(prefix + error.instancePath), ...(key === undefined ? [] : [key])]) || 'answer';
  return { field, message, ...(showsValue ? { value: excerpt(error.data) } : {}), ...(allowed === undefined ? {} : { allowed }) };
};

const isForms = ({ keyword, params }: ErrorObject): boolean =>
  keyword === 'anyOf' || (keyword === 'oneOf' && (params as { passingSchemas: unknown }).passingSchemas === null);

/** Errors of a choice's branches, which stand before the error of the choice itself. */
const belongsTo = (inner: ErrorObject, choice: ErrorObject): boolean => {
  const parent = choice.schemaPath.slice(0, choice.schemaPath.lastIndexOf('/') + 1);
  const below = inner.instancePath === choice.instancePath || inner.instancePath.startsWith(`${choice.instancePath}/`);
  return below && (inner.schemaPath.startsWith(`${choice.schemaPath}/`) || !inner.schemaPath.startsWith(parent));
};

/** How far a branch is from what was meant: a wrong kind of value first, then a wrong mark, then the number of faults. */
const distanceOf = (errors: ErrorObject[]): number =>
  errors.reduce((sum, { instancePath, keyword }) => {
    if (instancePath === '' && (keyword === 'type' || keyword === 'enum' || keyword === 'const')) return sum + 10_000;
    return sum + (keyword === 'const' || (keyword === 'enum' && instancePath.split('/').length === 2) ? 100 : 1);
  }, 0);

/**
 * Errors of the validator as faults. Of a choice (`anyOf`, `oneOf`) only the branch that is nearest to the value is told,
 * or the allowed kinds where none is near.
 */
export const wordFaults = (
  errors: ErrorObject[],
  root: unknown,
  branchesOf: (schemaPath: string) => ValidateFunction[],
  prefix = '',
): Fault[] => {
  const choices = errors.filter(isForms);
  const own = errors.filter(
    (error, index) => !choices.some((choice) => choice !== error && index < errors.indexOf(choice) && belongsTo(error, choice)),
  );
  const faults: Fault[] = [];
  for (const error of own) {
    if (faults.length >= MAX_FAULTS) break;
    if (error.keyword === 'if' || error.keyword === 'propertyNames') continue;
    const nearest = isForms(error) ? nearestBranch(error, branchesOf) : undefined;
    faults.push(
      ...(nearest
        ? wordFaults(nearest, error.data, branchesOf, prefix + error.instancePath)
        : [faultOf(isForms(error) ? { ...error, keyword: 'anyOf' } : error, prefix)]),
    );
  }
  const seen = new Set<string>();
  const unique = faults.filter(({ field, message }) => !seen.has(`${field}\n${message}`) && seen.add(`${field}\n${message}`));
  return unique.length > 0 ? unique.slice(0, MAX_FAULTS) : errors.slice(0, 1).map((error) => faultOf(error, prefix));
};

const nearestBranch = (choice: ErrorObject, branchesOf: (schemaPath: string) => ValidateFunction[]): ErrorObject[] | undefined => {
  let best: ErrorObject[] | undefined;
  for (const branch of branchesOf(choice.schemaPath)) {
    branch(choice.data);
    const errors = branch.errors ?? [];
    if (errors.length > 0 && (!best || distanceOf(errors) < distanceOf(best))) best = errors;
  }
  return best && distanceOf(best) < 10_000 ? best : undefined;
};
