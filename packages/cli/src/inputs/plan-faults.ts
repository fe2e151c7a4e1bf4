import { excerpt, pathOf, Plan, type Fault } from '@apwa/contracts';
import { z } from 'zod';

type Node = z.core.JSONSchema._JSONSchema;
type Path = readonly PropertyKey[];

const alternatives = (node: Node): z.core.JSONSchema.BaseSchema[] =>
  typeof node === 'boolean' ? [] : [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(alternatives)];

/** What a plan may hold at a path, of all kinds of steps together. */
const nodesAt = (path: Path): z.core.JSONSchema.BaseSchema[] =>
  path.reduce<z.core.JSONSchema.BaseSchema[]>(
    (nodes, key) =>
      nodes
        .flatMap(({ items, properties }) => (typeof key === 'number' ? [items].flat() : [properties?.[String(key)]]))
        .flatMap((node) => (node === undefined ? [] : alternatives(node))),
    alternatives(z.toJSONSchema(Plan, { io: 'input', unrepresentable: 'any', reused: 'inline' })),
  );

const keysAt = (path: Path): string[] => [...new Set(nodesAt(path).flatMap(({ properties }) => Object.keys(properties ?? {})))];

const valuesAt = (path: Path): string[] => nodesAt(path).flatMap((node) => ('const' in node ? [String(node.const)] : []));

const valueAt = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    document,
  );

/** What is wrong with a document that should be a plan: each fault with its field, what was found and what is allowed. */
export const faultsOfPlan = (error: z.ZodError, document: unknown): Fault[] =>
  error.issues.flatMap((issue): Fault[] => {
    if (issue.code === 'unrecognized_keys') {
      const allowed = keysAt(issue.path).join(', ');
      return issue.keys.map((key) => ({ field: pathOf([...issue.path, key]), message: `${key} is not a key of it`, value: key, allowed }));
    }
    const value = valueAt(document, issue.path);
    const allowed = valuesAt(issue.path).join(', ');
    return [
      {
        field: pathOf(issue.path) || 'plan',
        message: value === undefined && issue.code === 'invalid_type' ? `is missing (${issue.expected})` : issue.message,
        ...(value === undefined ? {} : { value: excerpt(value) }),
        ...(allowed ? { allowed } : {}),
      },
    ];
  });
