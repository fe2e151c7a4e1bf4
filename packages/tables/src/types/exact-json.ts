/** JSON with integers that a double cannot hold as `bigint`. */
export type ExactJson = string | number | bigint | boolean | null | ExactJson[] | { [key: string]: ExactJson };

/** A run of sixteen digits: only then can an integer be beyond what a double holds. */
const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

// TypeScript's library does not know yet that a reviver is told the source text, nor `rawJSON`.
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: ExactJson, context: { source?: string }) => ExactJson): ExactJson;
  rawJSON(text: string): unknown;
};

/** `JSON.parse` that keeps large integers exact. Throws SyntaxError as it does. */
export const parseExactJson = (text: string): ExactJson => {
  if (!LONG_DIGITS.test(text)) return JSON.parse(text) as ExactJson;
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source) ? BigInt(source) : value,
  );
};

export const formatExactJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? json.rawJSON(String(inner)) : inner));
