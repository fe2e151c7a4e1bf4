import { type JsonSchema } from '@apwa/contracts';
import { flatten, pureReference, typesOf } from './flatten.js';
import { isObject, type Node } from './nodes.js';
import { type References } from './references.js';

/** A part of a schema as an endpoint takes it, and the way back for what the endpoint gives. */
export interface Lowered {
  schema: JsonSchema;
  restore: (value: unknown) => unknown;
}

export const unchanged = (value: unknown): unknown => value;

/** What every step of lowering one schema shares. */
export interface Context {
  strict: boolean;
  references: References;
  /** What is referred to, by pointer. */
  names: Map<string, string>;
  lowered: Map<string, Lowered>;
  /** `$defs` of the lowered schema. */
  definitions: Record<string, JsonSchema>;
}

/** Where in the schema a step is. */
export interface Place {
  /** Objects and lists around it. */
  depth: number;
  /** References that were put in place on the way here: meeting one again means recursion. */
  open: ReadonlySet<string>;
}

/** Whether `null` is valid. Told by the form alone: for an optional property, null then stays null. */
export const acceptsNull = (node: unknown, references: References, open: ReadonlySet<string> = new Set()): boolean => {
  if (!isObject(node)) return node !== false;
  const pointer = pureReference(node, references);
  if (pointer !== undefined && open.has(pointer)) return false;
  const flat = flatten(node, references, open);
  const { node: merged } = flat;
  if ('const' in merged) return merged.const === null;
  if (Array.isArray(merged.enum)) return merged.enum.includes(null);
  const types = typesOf(merged);
  if (types.length > 0 && !types.includes('null')) return false;
  const choice = merged.anyOf ?? merged.oneOf;
  return Array.isArray(choice) ? choice.some((branch) => acceptsNull(branch, references, flat.inlined)) : true;
};

/** The name of a definition in the lowered schema. */
const nameOf = (pointer: string, context: Context): string => {
  const known = context.names.get(pointer);
  if (known) return known;
  const last =
    pointer
      .replace(/^\/(\$defs|definitions)\//, '')
      .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
      .replace(/^_+/, '') || 'root';
  const taken = new Set(context.names.values());
  let name = last;
  for (let n = 2; taken.has(name); n++) name = `${last}_${n}`;
  context.names.set(pointer, name);
  return name;
};

/** A reference, to a definition that is lowered once. */
export const lowerReference = (pointer: string, context: Context, lower: (node: Node, place: Place) => Lowered): Lowered => {
  const name = nameOf(pointer, context);
  if (!Object.hasOwn(context.definitions, name)) {
    context.definitions[name] = {};
    const lowered = lower(context.references.at(pointer) ?? true, { depth: 1, open: new Set([pointer]) });
    context.lowered.set(pointer, lowered);
    context.definitions[name] = lowered.schema;
  }
  return { schema: { $ref: `#/$defs/${name}` }, restore: (value) => context.lowered.get(pointer)?.restore(value) ?? value };
};
