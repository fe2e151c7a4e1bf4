import { asText, bindingOf } from '@apwa/capabilities';
import { excerpt, fillPlaceholders, type HttpCapability, type JsonObject, type JsonValue, PermanentError } from '@apwa/contracts';

export interface BuiltRequest {
  url: URL;
  headers: Record<string, string>;
  /** JSON; null: none. */
  body: string | null;
}

/** The request that a definition makes of arguments, without its secrets. PermanentError `invalid_arguments`. */
export const requestOf = ({ url, query, headers, body }: HttpCapability, given: JsonObject): BuiltRequest => {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/]+)(.*)$/.exec(url) ?? [];
  const target = new URL(
    origin +
      path
        .split('/')
        .map((segment) => segmentOf(segment, given))
        .join('/'),
  );
  for (const [name, value] of Object.entries(query)) {
    const filled = fill(value, given);
    for (const one of Array.isArray(filled) ? filled : [filled])
      if (one !== undefined && one !== null) target.searchParams.append(name, asText(one));
  }
  const filled: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = fill(value, given);
    if (text !== undefined && text !== null) filled[name] = headerOf(name, asText(text));
  }
  return { url: target, headers: filled, body: body === undefined ? null : JSON.stringify(fill(body, given) ?? null) };
};

/** A value with arguments in the place of its placeholders; undefined: its argument is not given. */
const fill = (value: JsonValue, given: JsonObject): JsonValue | undefined => {
  if (Array.isArray(value)) return value.map((one) => fill(one, given)).filter((one) => one !== undefined);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, one]) => {
        const filled = fill(one, given);
        return filled === undefined ? [] : [[key, filled] as const];
      }),
    );
  const binding = bindingOf(value);
  switch (binding.kind) {
    case 'constant':
      return value;
    case 'column':
      return Object.hasOwn(given, binding.column) ? given[binding.column] : undefined;
    case 'text':
      return fillPlaceholders(binding.text, (name) => asText(Object.hasOwn(given, name) ? (given[name] ?? null) : null));
  }
};

/** A segment stays one, whatever is put into it. */
const segmentOf = (segment: string, given: JsonObject): string => {
  const text = fill(decodeURI(segment), given);
  if (segment === '' || text === segment) return segment;
  const filled = text === undefined || text === null ? '' : asText(text);
  if (filled === '' || filled === '.' || filled === '..')
    throw new PermanentError('invalid_arguments', `${excerpt(segment, 100)} of its path would be ${JSON.stringify(filled)}`);
  return encodeURIComponent(filled);
};

const headerOf = (name: string, value: string): string => {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new PermanentError('invalid_arguments', `header ${name} would hold ${excerpt(JSON.stringify(value), 100)}, which no header may`);
};
