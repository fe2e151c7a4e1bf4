import { limitOf, type Shape } from './schema.js';
import { smallestMatch } from './pattern.js';
import { shorten } from './text.js';

/** The shortest valid text for each format. */
const OF_FORMAT: Readonly<Record<string, string>> = {
  date: '1970-01-01',
  'date-time': '1970-01-01T00:00:00Z',
  time: '00:00:00Z',
  duration: 'PT0S',
  email: 'unknown@example.invalid',
  'idn-email': 'unknown@example.invalid',
  hostname: 'example.invalid',
  'idn-hostname': 'example.invalid',
  uri: 'https://example.invalid/',
  'uri-reference': '/',
  iri: 'https://example.invalid/',
  uuid: '00000000-0000-0000-0000-000000000000',
  ipv4: '0.0.0.0',
  ipv6: '::',
  regex: '.',
  'json-pointer': '',
};

const FORMATS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/,
  time: /^\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/,
  email: /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d-]+(?:\.[a-z\d-]+)+$/i,
  uri: /^[a-z][a-z\d+.-]*:[^\s<>"{}|\\^`]+$/i,
  uuid: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
  ipv4: /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/,
};

const patternOf = (shape: Shape): RegExp | null => {
  if (typeof shape.node.pattern !== 'string') return null;
  try {
    return new RegExp(shape.node.pattern, 'u');
  } catch {
    return null;
  }
};

/** JSON Schema counts code points. */
const lengthOf = (text: string): number => (/[\ud800-\udbff]/.test(text) ? [...text].length : text.length);
const cutTo = (text: string, most: number): string => {
  const shorter = shorten(text, most);
  return lengthOf(shorter) > most ? [...shorter].slice(0, most).join('') : shorter;
};

/** The text if it keeps the schema's limits, cut to its length if need be; undefined if it can't. */
export const fitText = (text: string, shape: Shape): string | undefined => {
  const most = limitOf(shape, 'maxLength');
  const fitted = most === null || lengthOf(text) <= most ? text : cutTo(text, most);
  if (lengthOf(fitted) < (limitOf(shape, 'minLength') ?? 0)) return undefined;
  const { format } = shape.node;
  if (typeof format === 'string' && format in OF_FORMAT && !(FORMATS[format]?.test(fitted) ?? false)) return undefined;
  return patternOf(shape)?.test(fitted) === false ? undefined : fitted;
};

/** A part of the row that matches the schema's own pattern. */
export const textByPattern = (text: string, shape: Shape): string | undefined => {
  const source = shape.node.pattern;
  if (typeof source !== 'string') return undefined;
  try {
    const loose = new RegExp(source.replace(/^\^/, '(?<![\\p{L}\\d])').replace(/\$$/, '(?![\\p{L}\\d])'), 'u');
    const found = loose.exec(text.slice(0, 20_000))?.[0];
    return found === undefined ? undefined : fitText(found, shape);
  } catch {
    return undefined;
  }
};

/** The shortest text that is valid. */
export const shortestText = (shape: Shape): string => {
  const { format, pattern } = shape.node;
  if (typeof format === 'string' && format in OF_FORMAT) return OF_FORMAT[format] as string;
  const least = limitOf(shape, 'minLength') ?? 0;
  const text = typeof pattern === 'string' ? smallestMatch(pattern, least) : '';
  return text.padEnd(least, '-');
};

/** The number nearest to `value` that keeps the schema's limits. */
export const fitNumber = (value: number, shape: Shape): number => {
  const step = limitOf(shape, 'multipleOf') ?? (shape.type === 'integer' ? 1 : null);
  const nudge = step ?? 1e-6;
  const lower = limitOf(shape, 'exclusiveMinimum');
  const upper = limitOf(shape, 'exclusiveMaximum');
  const least = Math.max(limitOf(shape, 'minimum') ?? -Infinity, lower === null ? -Infinity : lower + nudge);
  const most = Math.min(limitOf(shape, 'maximum') ?? Infinity, upper === null ? Infinity : upper - nudge);
  const inside = Math.min(Math.max(value, least), most);
  if (step === null) return inside;
  const rounded = Number((Math.round(inside / step) * step).toPrecision(12));
  if (rounded < least) return Number((Math.ceil(least / step) * step).toPrecision(12));
  return rounded > most ? Number((Math.floor(most / step) * step).toPrecision(12)) : rounded;
};
