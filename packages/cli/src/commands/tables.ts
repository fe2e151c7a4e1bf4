import { ApwaError, type ColumnStatistics, type JsonValue, type Table } from '@apwa/contracts';
import { number } from '../display/format.js';
import { EXIT, explain, type ExitCode } from '../exit.js';
import { readInputs } from '../inputs/inputs.js';
import { columns, print } from '../output.js';
import { downloadExport } from '../outputs/download.js';
import { readTarget } from '../outputs/target.js';
import { withClient, type JsonOption } from './runs.js';

const cell = (value: JsonValue | undefined): string => {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
};

const row = (table: Table): string[] => [table.id, table.name, table.state, table.rows === null ? '' : number(table.rows), table.createdAt];

const columnRow = ({ name, type, nullShare, distinct, min, max }: ColumnStatistics): string[] => [
  name,
  type,
  `${Math.round(nullShare * 100)} %`,
  distinct === undefined ? '' : number(distinct),
  cell(min),
  cell(max),
];

export const listTables = ({ json, limit }: JsonOption & { limit?: string }): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    const { tables } = await client.tables.list(limit === undefined ? {} : { limit: Number(limit) });
    print(json ? JSON.stringify(tables) : columns([['TABLE', 'NAME', 'STATE', 'ROWS', 'CREATED'], ...tables.map(row)]));
    return EXIT.succeeded;
  });

export const showTable = (id: string, { json }: JsonOption): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    const table = await client.tables.get(id);
    if (json) print(JSON.stringify(table));
    else {
      print(columns([['TABLE', 'NAME', 'STATE', 'ROWS', 'CREATED'], row(table)]));
      if (table.metadata)
        print(`\n${columns([['COLUMN', 'TYPE', 'NULL', 'DISTINCT', 'MIN', 'MAX'], ...table.metadata.columns.map(columnRow)])}`);
      if (table.error) print(`\n${explain(ApwaError.fromPayload(table.error))}`);
    }
    return EXIT.succeeded;
  });

export const headOfTable = (id: string, { json, rows }: JsonOption & { rows: string }): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    const head = await client.tables.head(id, Number(rows));
    if (json) print(JSON.stringify(head));
    else
      print(
        columns([head.columns.map(({ name }) => name), ...head.rows.map((values) => head.columns.map(({ name }) => cell(values[name])))]),
      );
    return EXIT.succeeded;
  });

export const importTable = async (path: string, options: JsonOption & { skipBadRows?: boolean; sheet?: string }): Promise<ExitCode> => {
  const [input] = await readInputs([path]);
  if (!input) return EXIT.usage;
  return withClient(async ({ client }) => {
    const { id: upload } = await client.uploads.of(input.files);
    const importOptions = { skipBadRows: options.skipBadRows ?? false, ...(options.sheet ? { sheet: options.sheet } : {}) };
    const created = await client.tables.import({ name: input.name, upload, format: input.format, options: importOptions });
    const table = await client.tables.wait(created.id);
    print(options.json ? JSON.stringify(table) : columns([row(table)]));
    if (table.rejectedTableId && !options.json) print(`bad rows: ${table.rejectedTableId}`);
    return EXIT.succeeded;
  });
};

export const exportTable = async (
  id: string,
  output: string,
  options: JsonOption & { rows: 'all' | 'ok' | 'failed' },
): Promise<ExitCode> => {
  const target = await readTarget(output, undefined);
  return withClient(async ({ client }) => {
    const path = target.kind === 'file' ? target.path : `${target.path}/${id}.${target.format}`;
    const { id: exportId } = await client.tables.export(id, { format: target.format, rows: options.rows });
    const count = await downloadExport(client, exportId, path);
    print(options.json ? JSON.stringify({ path, rows: count }) : `${path} (${count === null ? '?' : number(count)} rows)`);
    return EXIT.succeeded;
  });
};
