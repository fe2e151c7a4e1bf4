const DAY_MS = 86_400_000;
/** What a `Date` can show, in milliseconds from 1970. */
const DATE_RANGE_MS = 8_640_000_000_000_000;
const NEVER = 9_223_372_036_854_775_807n;

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

const yearOf = (year: number): string => (year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`);

/** Days from 1970 as `2024-02-29`. */
export const isoDate = (days: number): string => {
  if (Math.abs(days) * DAY_MS > DATE_RANGE_MS) return days > 0 ? 'infinity' : '-infinity';
  const date = new Date(days * DAY_MS);
  return `${yearOf(date.getUTCFullYear())}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
};

/** Microseconds from 1970 as `2024-02-29T12:30:00` with as many digits of the second's fraction as are not zero. */
export const isoTimestamp = (micros: bigint): string => {
  if (micros >= NEVER || micros <= -NEVER) return micros > 0n ? 'infinity' : '-infinity';
  const millis = Number(micros / 1000n);
  if (Math.abs(millis) > DATE_RANGE_MS) return micros > 0n ? 'infinity' : '-infinity';
  const fraction = Number(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n);
  const date = new Date(Number((micros - BigInt(fraction)) / 1000n));
  const time = `${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)}`;
  const digits = fraction === 0 ? '' : `.${pad(fraction, 6).replace(/0+$/, '')}`;
  return `${isoDate(Math.floor(date.getTime() / DAY_MS))}T${time}${digits}`;
};

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Days from 1970; null if the text is no date of the calendar. */
export const parseDate = (text: string): number | null => {
  const found = DATE.exec(text);
  if (!found) return null;
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? Math.round(date.getTime() / DAY_MS) : null;
};

/** Microseconds from 1970, in UTC where the text names a zone; null if it is no point in time. */
export const parseTimestamp = (text: string): { micros: bigint; zoned: boolean } | null => {
  const found = TIMESTAMP.exec(text);
  if (!found) return null;
  const [, date, hour, minute, second = '0', fraction = '', zone] = found as unknown as [
    string,
    string,
    string,
    string,
    string?,
    string?,
    string?,
  ];
  const days = parseDate(date);
  if (days === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const seconds = days * 86_400 + Number(hour) * 3_600 + Number(minute) * 60 + Number(second);
  const offset = zone === undefined || zone.toUpperCase() === 'Z' ? 0 : offsetSeconds(zone);
  return { micros: BigInt(seconds - offset) * 1_000_000n + BigInt(fraction.padEnd(6, '0')), zoned: zone !== undefined };
};

const offsetSeconds = (zone: string): number => {
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3_600 + Number(zone.slice(-2)) * 60);
};
