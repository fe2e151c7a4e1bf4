import { type Fault, type JsonSchema, RefusedError } from '@apwa/contracts';
import formats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { Budget, BudgetExceeded } from './budget.js';
import { checkSchema } from './check.js';
import { addKeywords, WORK } from './keywords.js';
import { type Node, childrenOf, isObject, walk } from './nodes.js';
import { compilePattern, type Pattern } from './patterns.js';
import { referencesOf } from './references.js';
import { wordFaults } from './wording.js';

/** The largest value that is looked at: objects, lists and scalars in it. No answer of a model holds more. */
const MAX_VALUES = 100_000;
/** How deep a value may be nested. */
const MAX_VALUE_DEPTH = 100;
/** Values times schemas: what a validation without references may be at most. */
const MAX_PRODUCT = 100_000_000;

/** A user's schema, checked and ready. */
export interface CompiledSchema {
  /** What is wrong with a value, worded for whoever has to repair it; empty if it is valid. */
  validate: (value: unknown) => Fault[];
}

const sizeOf = (root: Node): number => {
  let size = 0;
  walk(root, () => size++);
  return Math.max(size, 1);
};

/** The schema with its own references made local and the work that each of them is beside it. */
const withWork = (schema: JsonSchema): JsonSchema => {
  const references = referencesOf(schema);
  const sizes = new Map<string, number>();
  const copy = structuredClone(schema);
  walk(copy, (node) => {
    if (typeof node.$ref !== 'string') return;
    const pointer = references.pointerOf(node.$ref) ?? '';
    let size = sizes.get(pointer);
    if (size === undefined) sizes.set(pointer, (size = sizeOf(references.at(pointer) ?? true)));
    node.$ref = `#${pointer.split('/').map(encodeURIComponent).join('/')}`;
    node[WORK] = size;
  });
  delete copy.$schema;
  delete copy.$id;
  return copy;
};

const measure = (root: unknown): { values: number; tooDeep: boolean } => {
  let values = 0;
  const open: [unknown, number][] = [[root, 1]];
  for (let next = open.pop(); next && values <= MAX_VALUES; next = open.pop()) {
    const [value, depth] = next;
    values++;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_VALUE_DEPTH) return { values, tooDeep: true };
    for (const inner of Object.values(value)) open.push([inner, depth + 1]);
  }
  return { values, tooDeep: false };
};

const patternEngine = (budget: Budget) => {
  const engine = (source: string): Pattern & { toString(): string } => {
    const pattern = compilePattern(source);
    return {
      test: (text) => {
        budget.spend(1 + text.length / 16);
        return pattern.test(text);
      },
      // The validator keeps patterns apart by this text.
      toString: () => `/${source}/re2`,
    };
  };
  return Object.assign(engine, { code: 'apwaPattern' });
};

/**
 * Checks and compiles a JSON Schema 2020-12. Throws RefusedError `invalid_schema` with the places at fault: what is no schema,
 * is larger than 64 KiB or 20 levels, refers to another document, or has a pattern that needs backtracking.
 * Whatever schema and value are, a validation ends.
 */
export const compileSchema = (schema: JsonSchema): CompiledSchema => {
  checkSchema(schema);
  const budget = new Budget();
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    allErrors: true,
    verbose: true,
    ownProperties: true,
    validateSchema: false,
    addUsedSchema: false,
    code: { regExp: patternEngine(budget) },
  });
  formats.default(ajv);
  addKeywords(ajv, budget);
  const prepared = withWork(schema);
  const KEY = 'schema';
  let validator: ValidateFunction;
  try {
    ajv.addSchema(prepared, KEY);
    validator = ajv.getSchema(KEY) as ValidateFunction;
  } catch (error) {
    throw new RefusedError('invalid_schema', `schema: can't be used (${(error as Error).message})`, { field: 'schema' });
  }
  const schemas = sizeOf(prepared);
  const branches = (schemaPath: string): ValidateFunction[] => {
    const list = referencesOf(prepared);
    const parent = list.at(decodeURIComponent(schemaPath.slice(1, schemaPath.lastIndexOf('/'))));
    const keyword = schemaPath.slice(schemaPath.lastIndexOf('/') + 1);
    const count = isObject(parent) ? childrenOf(parent).filter(({ path }) => path[0] === keyword).length : 0;
    return Array.from({ length: count }, (_, index) => ajv.getSchema(`${KEY}${schemaPath}/${index}`)).filter(
      (branch) => branch !== undefined,
    );
  };

  const tooLarge: Fault[] = [{ field: 'answer', message: 'is too large or too deeply nested to be checked; give a shorter one' }];
  return {
    validate: (value) => {
      const { values, tooDeep } = measure(value);
      if (tooDeep || values > MAX_VALUES || values * schemas > MAX_PRODUCT) return tooLarge;
      budget.reset();
      try {
        if (validator(value)) return [];
        return wordFaults(validator.errors ?? [], value, branches);
      } catch (error) {
        // A reference that leads back to itself without going deeper into the value ends in the second one.
        if (error instanceof BudgetExceeded || error instanceof RangeError) return tooLarge;
        throw error;
      }
    },
  };
};
