import { type AnySchemaObject, type Ajv2020 } from 'ajv/dist/2020.js';
import { type Budget } from './budget.js';
import { isObject } from './nodes.js';

/** Stands beside each `$ref` of a compiled schema and says how large its target is. */
export const WORK = 'x-apwa-work';

/** Equal for equal JSON values, whatever the order of their keys. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  ) ?? 'undefined';

interface Validator {
  (data: unknown): boolean;
  errors?: { keyword: string; message: string; params: AnySchemaObject }[];
}

const validator = (keyword: string, params: AnySchemaObject, test: (data: unknown) => boolean): Validator => {
  const validate: Validator = (data) => {
    if (test(data)) return true;
    validate.errors = [{ keyword, message: `must be valid by ${keyword}`, params }];
    return false;
  };
  return validate;
};

/** The work counter, and keywords whose usual forms take time quadratic in what is checked. */
export const addKeywords = (ajv: Ajv2020, budget: Budget): void => {
  ajv.addKeyword({
    keyword: WORK,
    schemaType: 'number',
    errors: false,
    compile: (work: number) => () => {
      budget.spend(work);
      return true;
    },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (wanted: boolean) =>
      validator('uniqueItems', {}, (data) => !wanted || new Set((data as unknown[]).map(canonical)).size === (data as unknown[]).length),
  });
  ajv.removeKeyword('enum');
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    compile: (values: unknown[]) => {
      const allowed = new Set(values.map(canonical));
      return validator('enum', { allowedValues: values }, (data) => allowed.has(canonical(data)));
    },
  });
};
