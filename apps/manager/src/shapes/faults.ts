import { type Fault, RefusedError, excerpt, pathOf } from '@apwa/contracts';
import { type z } from 'zod';
import { allowedNames } from '../plans/nearest.js';
import { allowedOf } from './allowed.js';
import { keysAt, valuesAt } from './schema-keys.js';

/** Parses what came in at a door; throws one refusal that lists every fault with its field, its value and what is allowed. */
export const parse = <S extends z.ZodType>(schema: S, document: unknown, root: string): z.output<S> => {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error, document, schema, root);
  const [first] = faults;
  const { field, message, value, allowed } = first ?? { field: root, message: 'is not valid' };
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new RefusedError('invalid_request', `${field}: ${message}${more}`, {
    field,
    faults,
    ...(value === undefined ? {} : { value }),
    ...(allowed === undefined ? {} : { allowed }),
  });
};

/** What zod found, with the values that it found it at, and what may stand there. Keys that nothing knows get the nearest known one. */
export const faultsOf = (error: z.ZodError, document: unknown, schema: z.ZodType, root: string): Fault[] =>
  error.issues.flatMap((issue) => faultsOfIssue(issue, [], document, schema, root));

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const faultsOfIssue = (issue: Issue, above: Path, document: unknown, schema: z.ZodType, root: string): Fault[] => {
  const path = [...above, ...issue.path];
  const field = pathOf(path) || root;
  const value = valueAt(document, path);
  const shown = value === undefined ? {} : { value: excerpt(value) };
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({
        field: pathOf([...path, key]),
        message: 'is not a key that may stand here',
        value: excerpt(key),
        ...(known.length > 0 ? { allowed: allowedNames(key, known) } : {}),
      }));
    }
    case 'invalid_union': {
      // The alternative that comes nearest says best what is wrong.
      const [nearest] = [...issue.errors].sort((a, b) => a.length - b.length);
      if (nearest && nearest.length > 0) return nearest.flatMap((inner) => faultsOfIssue(inner, path, document, schema, root));
      const values = valuesAt(schema, path);
      return [
        {
          field,
          message: 'is none of the values that may stand here',
          ...shown,
          ...(values.length > 0 ? { allowed: values.join(', ') } : {}),
        },
      ];
    }
    case 'invalid_value':
      return [{ field, message: issue.message, ...shown, allowed: issue.values.map(String).join(', ') }];
    default: {
      const allowed = allowedOf(issue);
      const message = value === undefined && document !== undefined ? missing(issue) : issue.message;
      return [{ field, message, ...shown, ...(allowed === undefined ? {} : { allowed }) }];
    }
  }
};

const missing = (issue: Issue): string => (issue.code === 'invalid_type' ? `is missing: ${issue.expected} expected` : issue.message);

const valueAt = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    document,
  );
