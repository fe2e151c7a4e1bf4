import { type JsonValue, type Plan, placeholdersOf, type Run, type RowValues, type StepQuote } from '@apwa/contracts';
import { columns } from '../output.js';
import { cost, duration, number } from './format.js';

/** A step of a plan that was run on some rows. */
export interface Tried {
  /** Of the plan's file. */
  name: string;
  run: Run;
  plan: Plan;
  step: string;
  /** Null where it calls no model, or could not be run. */
  quote: StepQuote | null;
  rows: RowValues[];
}

/** Characters of a value that are shown. */
const VALUE_SHOWN = 80;

const shown = (value: JsonValue | undefined): string => {
  const text = (typeof value === 'string' ? value : JSON.stringify(value ?? null)).replace(/\s+/g, ' ').trim();
  return text.length <= VALUE_SHOWN ? text : `${text.slice(0, VALUE_SHOWN - 1)}…`;
};

/** What the step reads, and what it makes, as columns of its result. */
const columnsOf = ({ plan, step, rows }: Tried): { read: string[]; made: string[] } => {
  const own = (name: string) => !name.startsWith('_');
  const template = plan.steps.flatMap((one) => (one.id === step && one.kind === 'map' ? [one.template] : []))[0];
  const all = Object.keys(rows[0] ?? {}).filter(own);
  if (template === undefined || template.mode === 'capability') return { read: [], made: all };
  const { properties } = template.output as { properties?: object };
  const made = Object.keys(properties ?? {}).filter((name) => all.includes(name));
  const named = [...new Set([...(template.instructionColumns ?? []), ...placeholdersOf(template.instructions)])];
  return { read: named.length > 0 ? named : all.filter((name) => !made.includes(name)), made: made.length > 0 ? made : all };
};

const answerText = (row: RowValues | undefined, made: string[]): string => {
  if (!row) return '–';
  if (row._status !== 'ok') return `failed (${shown(row._error_code)}): ${shown(row._error)}`;
  return made.map((name) => `${name}=${shown(row[name])}`).join(' ');
};

const costText = (row: RowValues | undefined): string =>
  row
    ? `  [${number(Number(row._input_tokens ?? 0) + Number(row._output_tokens ?? 0))} tokens, ${cost(Number(row._cost_usd ?? 0))}, ${duration(Number(row._latency_ms ?? 0))}]`
    : '';

/** The rows, each with what every plan made of it. */
export const triedRows = (tried: readonly Tried[]): string => {
  const width = Math.max(...tried.map(({ name }) => name.length));
  const numbers = [...new Set(tried.flatMap(({ rows }) => rows.map(({ _row }) => Number(_row))))].sort((a, b) => a - b);
  return numbers
    .map((at) => {
      const found = tried.map((one) => ({ one, row: one.rows.find(({ _row }) => Number(_row) === at) }));
      const first = found.find(({ row }) => row !== undefined);
      const read = first ? columnsOf(first.one).read.map((name) => `${name}: ${shown(first.row?.[name])}`) : [];
      return [
        `row ${at}  ${read.join(' · ')}`,
        ...found.map(({ one, row }) => `  ${one.name.padEnd(width)}  ${answerText(row, columnsOf(one).made)}${costText(row)}`),
      ].join('\n');
    })
    .join('\n');
};

const HEADS = ['PLAN', 'OK', 'FAILED', 'TOKENS A ROW', 'COST A ROW', 'TIME A ROW', 'ALL ROWS', 'CALLS', 'TOKENS', 'COST'];

/** What the rows took, and what all rows are to take. */
export const triedTable = (tried: readonly Tried[]): string =>
  columns(
    [
      HEADS,
      ...tried.map(({ name, quote, rows }) => {
        const mean = (of: (row: RowValues) => number) =>
          rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
        const ok = rows.filter(({ _status }) => _status === 'ok').length;
        return [
          name,
          number(ok),
          number(rows.length - ok),
          number(mean((row) => Number(row._input_tokens ?? 0) + Number(row._output_tokens ?? 0))),
          cost(mean((row) => Number(row._cost_usd ?? 0))),
          duration(mean((row) => Number(row._latency_ms ?? 0))),
          quote ? number(quote.rows.expected) : '–',
          quote ? number(quote.calls.expected) : '–',
          quote ? number(quote.tokens.expected) : '–',
          quote ? cost(quote.costUsd.expected) : '–',
        ];
      }),
    ],
    1,
  );
