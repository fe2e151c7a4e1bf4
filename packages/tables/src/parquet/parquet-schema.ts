import { type Column, InternalError } from '@apwa/contracts';
import { type SchemaElement } from 'hyparquet';
import { parseType, type TypeTree } from '../types/column-type.js';
import { formatExactJson } from '../types/exact-json.js';
import { parseDate, parseTimestamp } from '../types/iso-time.js';

const INTEGER_RANGE: Record<string, bigint> = { TINYINT: 1n << 7n, SMALLINT: 1n << 15n, INTEGER: 1n << 31n, BIGINT: 1n << 63n };

const SCALARS: Record<string, Partial<SchemaElement>> = {
  VARCHAR: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  JSON: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
  BOOLEAN: { type: 'BOOLEAN' },
  TINYINT: { type: 'INT32', converted_type: 'INT_8' },
  SMALLINT: { type: 'INT32', converted_type: 'INT_16' },
  INTEGER: { type: 'INT32' },
  BIGINT: { type: 'INT64' },
  FLOAT: { type: 'FLOAT' },
  DOUBLE: { type: 'DOUBLE' },
  DATE: { type: 'INT32', converted_type: 'DATE' },
  TIMESTAMP: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } },
  'TIMESTAMP WITH TIME ZONE': { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } },
};

/** The schema of a Parquet file of these columns, all of them optional, nested ones as real LIST and STRUCT. */
export const parquetSchemaOf = (columns: readonly Column[]): SchemaElement[] => [
  { name: 'root', num_children: columns.length },
  ...columns.flatMap(({ name, type }) => elementsOf(name, parseType(type))),
];

const elementsOf = (name: string, type: TypeTree): SchemaElement[] => {
  switch (type.kind) {
    case 'struct':
      return [
        { name, repetition_type: 'OPTIONAL', num_children: type.fields.length },
        ...type.fields.flatMap((field) => elementsOf(field.name, field.type)),
      ];
    case 'list':
      return [
        { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elementsOf('element', type.element),
      ];
    case 'scalar': {
      const element = SCALARS[type.name];
      if (!element)
        throw new InternalError('unsupported_type', `Column ${name} has the type ${type.name}, which our own writer does not write.`);
      return [{ name, repetition_type: 'OPTIONAL', ...element }];
    }
    case 'map':
    case 'union':
      throw new InternalError('unsupported_type', `Column ${name} is a ${type.kind.toUpperCase()}, which our own writer does not write.`);
  }
};

/** The value does not fit its column's type. */
export class Misfit extends Error {}

const misfit = (value: unknown, type: string): never => {
  throw new Misfit(`${formatExactJson(value)?.slice(0, 200)} is no ${type}`);
};

const encoder = new TextEncoder();

/**
 * A JSON value as hyparquet-writer takes it for a column of this type. Throws `Misfit`. JSON goes in as text that is
 * formatted here, because the writer would round large integers.
 */
export const encodeValue = (value: unknown, type: TypeTree): unknown => {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'list':
      return Array.isArray(value) ? value.map((element) => encodeValue(element, type.element)) : misfit(value, 'list');
    case 'struct': {
      if (typeof value !== 'object' || Array.isArray(value)) return misfit(value, 'object');
      const fields = value as Record<string, unknown>;
      return Object.fromEntries(type.fields.map(({ name, type: inner }) => [name, encodeValue(ownField(fields, name), inner)]));
    }
    case 'scalar':
      return encodeScalar(value, type.name);
    case 'map':
    case 'union':
      return misfit(value, type.kind);
  }
};

const ownField = (fields: Record<string, unknown>, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : null);

const encodeScalar = (value: unknown, type: string): unknown => {
  switch (type) {
    case 'VARCHAR':
      return typeof value === 'string' ? value : formatExactJson(value);
    case 'JSON':
      return encoder.encode(formatExactJson(value));
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : misfit(value, type);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
      return Number(encodeInteger(value, type));
    case 'BIGINT':
      return encodeInteger(value, type);
    case 'FLOAT':
    case 'DOUBLE':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : misfit(value, type);
    case 'DATE':
      return (typeof value === 'string' ? parseDate(value) : null) ?? misfit(value, type);
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
      return (typeof value === 'string' ? parseTimestamp(value)?.micros : null) ?? misfit(value, type);
    default:
      return misfit(value, type);
  }
};

const encodeInteger = (value: unknown, type: string): bigint => {
  const whole =
    typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : misfit(value, type);
  const range = INTEGER_RANGE[type] ?? 0n;
  return whole >= -range && whole < range ? whole : misfit(value, type);
};
