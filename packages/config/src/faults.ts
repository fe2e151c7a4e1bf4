import { type Fault, excerpt, pathOf } from '@apwa/contracts';
import { closest, distance } from 'fastest-levenshtein';
import { type z } from 'zod';
import { isSecret, kindOf, type Path, schemaAt, shapeOf } from './schema-tree.js';
import { EndpointConfig, ModelConfig } from './schema.js';

const NAMES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  object: 'a list of keys with their values',
  record: 'a list of names with their values',
  array: 'a list',
};

const kindOfValue = (value: unknown): string => {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a list of keys'
      : typeof value === 'string'
        ? 'text'
        : excerpt(value);
};

/** The known key that is most like an unknown one; undefined if none is. */
const nearest = (key: string, known: string[]): string | undefined => {
  if (known.length === 0) return undefined;
  const plain = (name: string) => name.toLowerCase().replaceAll(/[_-]/g, '');
  const best = closest(plain(key), known.map(plain));
  const match = known.find((name) => plain(name) === best);
  return match && distance(plain(key), best) <= Math.max(key.length > 3 ? 2 : 1, Math.floor(key.length / 3)) ? match : undefined;
};

const unknownKey = (key: string, path: Path, written: Path): Fault => {
  const schema = schemaAt(path);
  const isFlat = path.length !== written.length;
  const known = isFlat
    ? [...Object.keys(EndpointConfig.shape), ...Object.keys(ModelConfig.shape)]
    : Object.keys(schema ? shapeOf(schema) : {});
  const meant = nearest(key, known);
  const hint = key === 'strategy' && isFlat ? '; it needs endpoints' : meant ? `; did you mean ${meant}?` : '';
  return { field: pathOf([...written, key]), message: `unknown key${hint}`, allowed: known.join(', ') };
};

const messageOf = (issue: z.core.$ZodIssue, value: unknown): string => {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'is missing' : `must be ${NAMES[issue.expected] ?? issue.expected}, but is ${kindOfValue(value)}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`;
    case 'too_small':
      return issue.origin === 'string'
        ? 'must not be empty'
        : issue.origin === 'array'
          ? issue.message
          : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
};

const valueAt = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, segment) => (typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[segment] : undefined),
    document,
  );

/** What zod found, with the paths and the words of the one who wrote the document. Values that may be secret are left out. */
export const faultsOf = (error: z.ZodError, document: unknown, written: (path: Path) => Path, hidden: ReadonlySet<string>): Fault[] =>
  error.issues.flatMap((issue): Fault[] => {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, written(path)));
    const field = pathOf(written(path)) || 'document';
    const value = valueAt(document, path);
    const shown = typeof value !== 'object' && value !== undefined && !isSecret(path) && !hidden.has(field);
    const schema = schemaAt(path);
    const allowed = schema && kindOf(schema) in NAMES && issue.code === 'invalid_type' ? NAMES[kindOf(schema)] : undefined;
    return [
      {
        field,
        message: messageOf(issue, shown || value === undefined || typeof value === 'object' ? value : '…'),
        ...(shown ? { value: excerpt(value) } : {}),
        ...(allowed ? { allowed } : {}),
      },
    ];
  });
