import { excerpt, type JsonObject, type JsonSchema, type JsonValue, PermanentError } from '@apwa/contracts';

/** What is shown of an answer that is not what it should be, in characters. */
const SHOWN = 200;

/** What others answered in JSON, as an output: in the property that is for it or, of an object, what is wanted of it. */
export const answered = (value: unknown, { into, output }: { into?: string | undefined; output: JsonSchema }, who: string): JsonObject => {
  if (into !== undefined) return { [into]: value as JsonValue };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PermanentError('capability_bad_output', `${who} answered with no object of JSON, and "into" names no property for it`);
  // An answer may hold more than is wanted of it.
  const wanted = Object.keys(output.properties ?? {});
  return Object.fromEntries(
    wanted.flatMap((name) => (Object.hasOwn(value, name) ? [[name, (value as JsonObject)[name] as JsonValue]] : [])),
  );
};

/** `what` says whose text it is. */
export const parsedJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new PermanentError('capability_bad_output', `${what}, which is no JSON: ${excerpt(text, SHOWN)}`);
  }
};
