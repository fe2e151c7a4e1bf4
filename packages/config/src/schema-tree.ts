import { type z } from 'zod';
import { Config, EndpointConfig, ModelConfig } from './schema.js';
import { metaOf } from './setting.js';

export type Path = readonly (string | number)[];

/** A schema without what only says what happens when its value is left out. */
export const unwrap = (schema: z.ZodType): z.ZodType => {
  const { def } = schema as unknown as { def: { type: string; innerType?: z.ZodType } };
  return def.innerType && ['optional', 'default', 'prefault', 'nullable'].includes(def.type) ? unwrap(def.innerType) : schema;
};

export const kindOf = (schema: z.ZodType): string => unwrap(schema).def.type;

/** The keys of an object's schema; empty for any other. */
export const shapeOf = (schema: z.ZodType): Record<string, z.ZodType> => {
  const inner = unwrap(schema) as unknown as { shape?: Record<string, z.ZodType> };
  return inner.shape ?? {};
};

const childOf = (schema: z.ZodType, segment: string | number): z.ZodType | undefined => {
  const inner = unwrap(schema) as unknown as { element?: z.ZodType; valueType?: z.ZodType };
  if (kindOf(schema) === 'array') return inner.element;
  if (kindOf(schema) === 'record') return inner.valueType;
  const shape = shapeOf(schema);
  return Object.hasOwn(shape, segment) ? shape[segment] : undefined;
};

/** The schema of what stands at a path of the configuration; undefined if nothing may stand there. */
export const schemaAt = (path: Path): z.ZodType | undefined =>
  inGroup(path).reduce<z.ZodType | undefined>((schema, segment) => schema && childOf(schema, segment), Config);

/** The path of a key of a model that is written without `endpoints`, in the form with them. */
const inGroup = (path: Path): Path => {
  const [root, model, key, ...rest] = path;
  const flat = root === 'models' && key !== undefined && Object.hasOwn(EndpointConfig.shape, key) && !Object.hasOwn(ModelConfig.shape, key);
  return flat ? [root, model as string, 'endpoints', 0, key, ...rest] : path;
};

/** Whether logs and errors keep the value at a path to themselves. */
export const isSecret = (path: Path): boolean =>
  path.some((_, index) => {
    const schema = schemaAt(path.slice(0, index + 1));
    return schema !== undefined && metaOf(schema)?.secret !== undefined;
  });
