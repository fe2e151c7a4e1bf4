import { z } from 'zod';

/** Keys that the objects at a path of a document may have, of all alternatives together. */
export const keysAt = (schema: z.ZodType, path: readonly PropertyKey[]): string[] => {
  const objects = schemasAt([schema], path).filter((item) => item instanceof z.ZodObject);
  return [...new Set(objects.flatMap((object) => Object.keys(object.shape)))];
};

/** Values of a closed list that may stand at a path, of all alternatives together: of a union's discriminator, for one. */
export const valuesAt = (schema: z.ZodType, path: readonly PropertyKey[]): string[] => {
  const values = schemasAt([schema], path).flatMap((item) => {
    if (item instanceof z.ZodLiteral) return [...item.values];
    return item instanceof z.ZodEnum ? item.options : [];
  });
  return [...new Set(values.map(String))];
};

const schemasAt = (schemas: z.core.$ZodType[], path: readonly PropertyKey[]): z.core.$ZodType[] => {
  const open = schemas.flatMap(unwrap);
  const [key, ...rest] = path;
  return key === undefined
    ? open
    : schemasAt(
        open.flatMap((item) => below(item, key)),
        rest,
      );
};

const below = (schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] => {
  if (schema instanceof z.ZodObject) {
    const found: unknown = schema.shape[String(key)];
    return found instanceof z.ZodType ? [found] : [];
  }
  if (schema instanceof z.ZodArray) return [schema.element];
  return schema instanceof z.ZodRecord ? [schema.valueType] : [];
};

/** Alternatives, and what stands inside optional values and defaults. */
const unwrap = (schema: z.core.$ZodType): z.core.$ZodType[] => {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap());
  }
  return [schema];
};
