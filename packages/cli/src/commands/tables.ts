import { join } from 'node:path';
import { ApwaError, type ColumnStatistics, type JsonValue, type Table } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { failuresText, number } from '../display/format.js';
import { EXIT, explain, type ExitCode } from '../exit.js';
import { readCount } from '../inputs/count.js';
import { readInputs } from '../inputs/inputs.js';
import { columns, print, quietDisplay } from '../output.js';
import { exportTo } from '../outputs/download.js';
import { readTarget } from '../outputs/target.js';
import { withSession } from '../session.js';
import { readLimit, type JsonOption } from './runs.js';

export const cell = (value: JsonValue | undefined, width = 40): string => {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
};

const rowsOf = ({ rows, partial }: Pick<Table, 'rows' | 'partial'>): string => {
  if (partial) return `${number(partial.rows)} of ${number(partial.of)}`;
  return rows === null ? '' : number(rows);
};

const row = (table: Table): string[] => [table.id, table.name, table.state, rowsOf(table), table.createdAt];

/** Whoever looks at a part of a table must not take it for the whole. */
const tellPartial = (partial: Table['partial']): void => {
  if (partial) process.stderr.write(`apwa: the table is not complete: ${number(partial.rows)} of ${number(partial.of)} rows are there.\n`);
};

const columnRow = ({ name, type, nullShare, distinct, min, max }: ColumnStatistics): string[] => [
  name,
  type,
  `${Math.round(nullShare * 100)} %`,
  distinct === undefined ? '' : number(distinct),
  cell(min),
  cell(max),
];

const withClient = <Result>(work: (client: Client) => Promise<Result>): Promise<Result> =>
  withSession(quietDisplay(), ({ client }) => work(client));

export const listTables = async ({ json, limit }: JsonOption & { limit?: string }): Promise<ExitCode> => {
  const page = readLimit(limit);
  const { tables } = await withClient((client) => client.tables.list(page));
  print(json ? JSON.stringify(tables) : columns([['TABLE', 'NAME', 'STATE', 'ROWS', 'CREATED'], ...tables.map(row)]));
  return EXIT.succeeded;
};

export const showTable = async (id: string, { json }: JsonOption): Promise<ExitCode> => {
  const table = await withClient((client) => client.tables.get(id));
  if (json) {
    print(JSON.stringify(table));
    return EXIT.succeeded;
  }
  print(columns([['TABLE', 'NAME', 'STATE', 'ROWS', 'CREATED'], row(table)]));
  if (table.metadata)
    print(`\n${columns([['COLUMN', 'TYPE', 'NULL', 'DISTINCT', 'MIN', 'MAX'], ...table.metadata.columns.map(columnRow)])}`);
  if (table.rejectedTableId) print(`\nbad rows: ${table.rejectedTableId}`);
  if (table.failures.failed > 0) print(`\n${failuresText(table)}`);
  if (table.error) print(`\n${explain(ApwaError.fromPayload(table.error))}`);
  return EXIT.succeeded;
};

/** The most rows that the API shows of a table at once. */
const MAX_HEAD = 1_000;

export const headOfTable = async (id: string, { json, rows }: JsonOption & { rows: string }): Promise<ExitCode> => {
  const count = readCount('--rows', rows, MAX_HEAD);
  const head = await withClient((client) => client.tables.head(id, count));
  const names = head.columns.map(({ name }) => name);
  print(json ? JSON.stringify(head) : columns([names, ...head.rows.map((values) => names.map((name) => cell(values[name])))]));
  if (!json) tellPartial(head.partial);
  return EXIT.succeeded;
};

export const importTable = async (
  path: string,
  options: JsonOption & { inputFormat?: string; skipBadRows?: boolean; sheet?: string },
): Promise<ExitCode> => {
  const [input] = await readInputs([path], options.inputFormat);
  if (!input) return EXIT.usage;
  const importOptions = { skipBadRows: options.skipBadRows ?? false, ...(options.sheet ? { sheet: options.sheet } : {}) };
  const table = await withClient(async (client) => {
    const { id: upload } = await client.uploads.of(input.files);
    const created = await client.tables.import({ name: input.name, upload, format: input.format, options: importOptions });
    return client.tables.wait(created.id);
  });
  print(options.json ? JSON.stringify(table) : columns([row(table)]));
  if (table.rejectedTableId && !options.json) print(`bad rows: ${table.rejectedTableId}`);
  if (table.failures.failed > 0 && !options.json) print(failuresText(table));
  return EXIT.succeeded;
};

export const exportTable = async (
  id: string,
  output: string,
  options: JsonOption & { rows: 'all' | 'ok' | 'failed' },
): Promise<ExitCode> => {
  const target = await readTarget(output, undefined);
  const path = target.kind === 'file' ? target.path : join(target.path, `${id}.${target.format}`);
  const { partial, count } = await withClient(async (client) => ({
    partial: (await client.tables.get(id)).partial,
    count: await exportTo(client, id, { format: target.format, rows: options.rows }, path),
  }));
  print(options.json ? JSON.stringify({ path, rows: count }) : `${path} (${count === null ? '?' : number(count)} rows)`);
  if (!options.json) tellPartial(partial);
  return EXIT.succeeded;
};
