const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const two = (value: string | number): string => String(value).padStart(2, '0');

const valid = (year: string, month: number, day: string): string | null => {
  const full = year.length === 2 ? `${Number(year) > 40 ? '19' : '20'}${year}` : year;
  const date = `${full}-${two(month)}-${two(day)}`;
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date) ? date : null;
};

/** A date as people write it, as `YYYY-MM-DD`; 2/8/1935 is read the American way unless that is impossible. Null: no full date. */
export const isoDate = (text: string): string | null => {
  const iso = /(\d{4})[-./](\d{1,2})[-./](\d{1,2})/.exec(text);
  if (iso) return valid(iso[1] as string, Number(iso[2]), iso[3] as string);
  const dotted = /(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})/.exec(text);
  if (dotted) return valid(dotted[3] as string, Number(dotted[2]), dotted[1] as string);
  const slashed = /(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})/.exec(text);
  if (slashed) {
    const [, first = '', second = '', year = ''] = slashed;
    return Number(first) > 12 ? valid(year, Number(second), first) : valid(year, Number(first), second);
  }
  const month = MONTHS.findIndex((name) => new RegExp(`\\b${name}`, 'i').test(text)) + 1;
  const year = /\b\d{4}\b/.exec(text)?.[0];
  const day = /\b(\d{1,2})(?:st|nd|rd|th)?\b/.exec(text)?.[1];
  return month > 0 && year && day ? valid(year, month, day) : null;
};
