import { type JsonValue } from '@apwa/contracts';
import { type TypeTree } from './column-type.js';
import { parseExactJson } from './exact-json.js';

/**
 * A value as a reply shows it, by its column's type: integers as numbers where a double holds them and as text otherwise,
 * points in time as ISO text, bytes as base64, structs with all their fields, JSON taken apart.
 */
export const toJsonValue = (value: unknown, type: TypeTree): JsonValue => {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'list':
      return Array.isArray(value) ? value.map((element) => toJsonValue(element, type.element)) : plain(value);
    case 'struct': {
      const fields = value as Record<string, unknown>;
      return Object.fromEntries(type.fields.map(({ name, type: inner }) => [name, toJsonValue(fields[name], inner)]));
    }
    case 'map':
      return Object.fromEntries(
        entriesOf(value).map(([key, inner]) => [keyText(toJsonValue(key, type.key)), toJsonValue(inner, type.value)]),
      );
    case 'union':
      return plain(value);
    case 'scalar':
      if (type.name === 'JSON' && typeof value === 'string') return jsonText(value);
      if (type.name === 'TIMESTAMP WITH TIME ZONE' && typeof value === 'string' && value.includes('T')) return `${value}Z`;
      return plain(value);
  }
};

const keyText = (key: JsonValue): string => (typeof key === 'string' ? key : JSON.stringify(key));

const entriesOf = (value: unknown): [unknown, unknown][] => {
  if (value instanceof Map) return [...value.entries()];
  if (Array.isArray(value)) return value.map((entry: { key: unknown; value: unknown }) => [entry.key, entry.value]);
  return Object.entries(value as Record<string, unknown>);
};

const jsonText = (text: string): JsonValue => {
  try {
    return plain(parseExactJson(text));
  } catch {
    return text;
  }
};

const plain = (value: unknown): JsonValue => {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
      if (Array.isArray(value)) return value.map(plain);
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
    case 'undefined':
    case 'symbol':
    case 'function':
      return null;
  }
};
