import { type JsonSchema, PermanentError } from '@apwa/contracts';
import { builtin, textOf } from './builtin.js';

const DAY_MS = 86_400_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Parts of a format, each as the text that may stand there. */
const PARTS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MMMM: '(?<month>[A-Za-z]+)\\.?',
  MMM: '(?<month>[A-Za-z]+)\\.?',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{2})',
  D: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
};

const patternOf = (format: string): RegExp => {
  const seen = new Set<string>();
  const source = format.replace(/YYYY|MMMM|MMM|MM|M|DD|D|HH|mm|ss|[^YMDHms]+|./gu, (part) => {
    const pattern = PARTS[part];
    if (!pattern) return part.replace(/[$()*+.?[\\\]^{|}/-]/g, '\\$&');
    const name = /<(\w+)>/.exec(pattern)?.[1] as string;
    if (seen.has(name)) throw new PermanentError('invalid_arguments', `The format has its ${name} twice.`);
    seen.add(name);
    return pattern;
  });
  return new RegExp(`^\\s*${source}\\s*$`);
};

/** A moment in UTC; null where its parts are none, such as the 30th of February. */
const momentOf = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0): Date | null => {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return same ? date : null;
};

const parsedIso = (text: string): Date | null => {
  const [, year, month, day, hour, minute, second, zone] = ISO.exec(text.trim()) ?? [];
  if (year === undefined) return null;
  const date = momentOf(Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  if (!date || zone === undefined || zone === 'Z') return date;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return new Date(date.getTime() - (zone.startsWith('-') ? -1 : 1) * minutes * 60_000);
};

const parsedBy = (text: string, format: string): Date | null => {
  const { year, month = '1', day = '1', hour, minute, second } = patternOf(format).exec(text)?.groups ?? {};
  if (year === undefined) return null;
  const named = MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1;
  return momentOf(Number(year), named || Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
};

const dateOf = (date: Date): string => date.toISOString().slice(0, 10);

const neededDate = (value: unknown, name: string): Date => {
  const date = parsedIso(textOf(value));
  if (date) return date;
  throw new PermanentError('invalid_arguments', `${name} is no date such as 2024-02-29 or 2024-02-29T12:00:00Z.`);
};

const DATE: JsonSchema = {
  type: 'string',
  maxLength: 100,
  description: 'A date, or a date with its time, by ISO 8601; UTC if it says no zone',
};
const orNull = (type: string, description: string): JsonSchema => ({ type: [type, 'null'], description });

export const dateParse = builtin({
  name: 'date_parse',
  description:
    'Reads a date, by ISO 8601 or a format such as DD.MM.YYYY, D MMMM YYYY HH:mm: date, moment in UTC, weekday; nulls where it is none.',
  input: {
    type: 'object',
    required: ['text'],
    additionalProperties: false,
    properties: {
      text: { type: ['string', 'null'], maxLength: 200, description: 'What is to be read' },
      format: {
        type: 'string',
        maxLength: 100,
        description: 'Of YYYY, MMMM or MMM (English names), MM, M, DD, D, HH, mm, ss and other characters. Left out: ISO 8601',
      },
    },
  },
  output: {
    type: 'object',
    required: ['date', 'moment', 'weekday'],
    additionalProperties: false,
    properties: {
      date: orNull('string', 'As 2024-02-29'),
      moment: orNull('string', 'As 2024-02-29T12:00:00.000Z'),
      weekday: orNull('string', 'In English, in small letters'),
    },
  },
  call: ({ text, format }) => {
    const date = typeof text !== 'string' ? null : typeof format === 'string' ? parsedBy(text, format) : parsedIso(text);
    return { date: date && dateOf(date), moment: date && date.toISOString(), weekday: date && (WEEKDAYS[date.getUTCDay()] as string) };
  },
});

export const dateAdd = builtin({
  name: 'date_add',
  description: 'A date so many days, weeks, months or years later, or earlier. The end of a month stays within it.',
  input: {
    type: 'object',
    required: ['date', 'amount', 'unit'],
    additionalProperties: false,
    properties: {
      date: DATE,
      amount: { type: 'integer', minimum: -1_000_000, maximum: 1_000_000, description: 'How many; negative: earlier' },
      unit: { enum: ['days', 'weeks', 'months', 'years'], description: 'Of what' },
    },
  },
  output: {
    type: 'object',
    required: ['date'],
    additionalProperties: false,
    properties: { date: { type: 'string', description: 'As 2024-02-29' } },
  },
  call: ({ date: given, amount, unit }) => {
    const date = neededDate(given, 'date');
    const n = Number(amount);
    if (unit === 'days' || unit === 'weeks') date.setTime(date.getTime() + n * (unit === 'weeks' ? 7 : 1) * DAY_MS);
    else {
      const day = date.getUTCDate();
      date.setUTCMonth(date.getUTCMonth() + n * (unit === 'years' ? 12 : 1), 1);
      const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
      date.setUTCDate(Math.min(day, last));
    }
    if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9_999 || date.getUTCFullYear() < 0)
      throw new PermanentError('capability_failed', 'The date would lie outside of the years 0 to 9999.');
    return { date: dateOf(date) };
  },
});

export const dateDifference = builtin({
  name: 'date_difference',
  description: 'From one date to another: whole days, and seconds; negative where the second is earlier.',
  input: { type: 'object', required: ['from', 'to'], additionalProperties: false, properties: { from: DATE, to: DATE } },
  output: {
    type: 'object',
    required: ['days', 'seconds'],
    additionalProperties: false,
    properties: {
      days: { type: 'integer', description: 'Whole days' },
      seconds: { type: 'integer', description: 'Seconds' },
    },
  },
  call: ({ from, to }) => {
    const ms = neededDate(to, 'to').getTime() - neededDate(from, 'from').getTime();
    return { days: Math.trunc(ms / DAY_MS) + 0, seconds: Math.trunc(ms / 1_000) + 0 };
  },
});
