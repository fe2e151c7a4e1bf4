import { type ColumnView, isDate, isNumber } from './tables.js';
import { type Condition } from './wishes.js';
import { likeness } from './words.js';

const WORD = /^[a-z_][a-z0-9_]*$/;
/** Words that DuckDB reserves, as far as columns are likely to be called so. */
const RESERVED =
  /^(?:all|and|any|array|as|asc|both|case|cast|check|column|constraint|create|default|desc|distinct|do|else|end|except|false|for|foreign|from|group|having|in|initially|intersect|into|lambda|lateral|leading|limit|not|null|offset|on|only|or|order|placing|primary|qualify|references|returning|select|show|some|summarize|symmetric|table|then|to|trailing|true|union|unique|using|variadic|when|where|window|with)$/;

/** A name as SQL takes it. */
export const quoted = (name: string): string => (WORD.test(name) && !RESERVED.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The column that a condition speaks of. */
const columnOf = ({ column }: Condition, columns: readonly ColumnView[]): ColumnView | null =>
  columns.filter(({ name }) => likeness(name, column) >= 2).sort((a, b) => likeness(b.name, column) - likeness(a.name, column))[0] ?? null;

/** Conditions in SQL; those on columns that the table does not have, or that the column's type cannot keep, are returned. */
export const whereOf = (conditions: readonly Condition[], columns: readonly ColumnView[]): { where: string[]; impossible: Condition[] } => {
  const where: string[] = [];
  const impossible: Condition[] = [];
  for (const condition of conditions) {
    const column = columnOf(condition, columns);
    const text = column ? comparison(column, condition) : null;
    if (text === null) impossible.push(condition);
    else where.push(text);
  }
  return { where, impossible };
};

const comparison = (column: ColumnView, { operator, value }: Condition): string | null => {
  const name = quoted(column.name);
  if (isNumber(column)) {
    const number = Number(value.replaceAll(',', ''));
    return Number.isFinite(number) ? `${name} ${operator} ${number}` : null;
  }
  if (isDate(column)) {
    if (/^\d{4}$/.test(value)) return `year(${name}) ${operator} ${value}`;
    return /^\d{4}-\d{2}-\d{2}/.test(value) ? `${name} ${operator} ${literal(value)}` : null;
  }
  if (/^BOOL/i.test(column.type))
    return /^(?:true|false|yes|no)$/i.test(value) ? `${name} ${operator} ${/^(?:true|yes)$/i.test(value)}` : null;
  return operator === '=' || operator === '<>' ? `lower(CAST(${name} AS VARCHAR)) ${operator} ${literal(value.toLowerCase())}` : null;
};
