import { Prisma } from '../generated/prisma/client.js';

/**
 * A value for a JSON column. Postgres refuses NUL and lone surrogates in text taken from JSON, and both can come out of files and models:
 * they become the replacement character.
 */
export const toJson = (value: unknown): Prisma.InputJsonValue => clean(value) as Prisma.InputJsonValue;

/** The same for a column that may be empty. */
export const toJsonOrNull = (value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  value === null || value === undefined ? Prisma.DbNull : toJson(value);

/** What this service itself has written: it had its type when it was parsed at the door. */
export const fromJson = <T>(value: Prisma.JsonValue): T => value as T;
export const fromJsonOrNull = <T>(value: Prisma.JsonValue | null): T | null => value as T | null;

export const cleanText = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD');

const clean = (value: unknown): unknown => {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[cleanText(key), clean(item)]])));
  }
  return value;
};
