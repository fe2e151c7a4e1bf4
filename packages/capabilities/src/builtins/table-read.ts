import { type JsonObject, PermanentError } from '@apwa/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { lexer, type Token, type Tokens } from 'marked';
import { builtin, textOf } from './builtin.js';
import { htmlTables } from './html-tables.js';

const MOST_ROWS = 1_000;
const MOST_COLUMNS = 500;

/** Parsers may take long: it is called where that can be ended. */
export const tableRead = builtin({
  name: 'table_read',
  description:
    'Rows of a table that stands in a text, as CSV, Markdown or HTML: objects by column whose values are texts, which sql takes as rows.',
  slow: true,
  input: {
    type: 'object',
    required: ['text', 'format'],
    additionalProperties: false,
    properties: {
      text: { type: 'string', description: 'Where the table stands: with csv the whole text, otherwise among others' },
      format: { enum: ['csv', 'markdown', 'html'], description: 'What it is written in' },
      table: { type: 'integer', minimum: 0, default: 0, description: 'Which of several tables, from 0' },
      header: { type: 'boolean', default: true, description: 'Whether the first row names the columns: column_1, column_2 … otherwise' },
      delimiter: { type: 'string', minLength: 1, maxLength: 5, default: ',', description: 'With csv: what stands between values' },
    },
  },
  output: {
    type: 'object',
    required: ['tables', 'columns', 'count', 'rows'],
    additionalProperties: false,
    properties: {
      tables: { type: 'integer', minimum: 0, description: 'Tables in the text; without one there are no columns' },
      columns: { type: 'array', items: { type: 'string' }, description: 'Names of columns, in their order' },
      count: { type: 'integer', minimum: 0, description: 'All rows' },
      rows: { type: 'array', items: {}, description: `The first ${MOST_ROWS} of them: objects by column, null where a row is shorter` },
    },
  },
  call: ({ text, format, table = 0, header = true, delimiter = ',' }) => {
    const tables = tablesIn(textOf(text), textOf(format), textOf(delimiter));
    const index = Number(table);
    if (tables.length > 0 && index >= tables.length)
      throw new PermanentError('invalid_arguments', `table is ${index}, and the text has ${tables.length}: 0 to ${tables.length - 1}.`);
    return { tables: tables.length, ...tableOf(tables[index] ?? [], header === true) };
  },
});

/** Tables by rows of cells. */
const tablesIn = (text: string, format: string, delimiter: string): string[][][] => {
  switch (format) {
    case 'csv':
      return csvTables(text, delimiter);
    case 'markdown':
      return tokensOf(lexer(text)).flatMap((token) => (token.type === 'table' ? [cellsOf(token as Tokens.Table)] : []));
    default:
      return htmlTables(text);
  }
};

const csvTables = (text: string, delimiter: string): string[][][] => {
  try {
    const rows = parse(text, { delimiter, bom: true, relax_column_count: true, skip_empty_lines: true });
    return rows.length > 0 ? [rows] : [];
  } catch (error) {
    if (error instanceof CsvError) throw new PermanentError('invalid_arguments', `It is no CSV: ${error.message}`);
    throw error;
  }
};

/** Tables may stand in quotes and lists. */
const tokensOf = (tokens: readonly Token[]): Token[] =>
  tokens.flatMap((token) => [
    token,
    ...(token.type === 'list' ? (token as Tokens.List).items.flatMap((item) => tokensOf(item.tokens)) : []),
    ...(token.type === 'blockquote' ? tokensOf((token as Tokens.Blockquote).tokens) : []),
  ]);

const cellsOf = ({ header, rows }: Tokens.Table): string[][] => [header, ...rows].map((cells) => cells.map(({ text }) => text.trim()));

const tableOf = (cells: readonly string[][], header: boolean): JsonObject => {
  const width = cells.reduce((most, row) => Math.max(most, row.length), 0);
  if (width > MOST_COLUMNS) throw new PermanentError('capability_failed', `It has ${width} columns: ${MOST_COLUMNS} are allowed.`);
  const columns = namesOf(header ? (cells[0] ?? []) : [], width);
  const rows = header ? cells.slice(1) : cells;
  return {
    columns,
    count: rows.length,
    rows: rows.slice(0, MOST_ROWS).map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null]))),
  };
};

/** Names that differ in more than their case, as columns in SQL must. */
const namesOf = (given: readonly string[], width: number): string[] => {
  const taken = new Set<string>();
  return Array.from({ length: width }, (_, at) => {
    const wanted = given[at]?.trim() || `column_${at + 1}`;
    let name = wanted;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${wanted}_${n}`;
    taken.add(name.toLowerCase());
    return name;
  });
};
