import { type MapStep, type Step } from '@apwa/contracts';
import { isNamed, readColumns } from '../../choose.js';
import { literal, quoted } from '../../sql.js';
import { type ColumnView, type TableView, isNumber, isText } from '../../tables.js';
import { unique } from '../../words.js';
import { type Field, SQL_TYPES, outputOf, schemaOf } from '../fields.js';
import { type Built, type Rule, type Situation } from '../rule.js';
import { readSchemaGoal } from './read-schema.js';
import { columnFor } from './same-thing.js';

/** Tables and documents of several forms, put into one table with the columns that the goal lists. */
export const oneSchema: Rule = {
  plans:
    'tables and documents of several forms in one ("into one table with the columns title, author, year"): what columns hold is taken from them, the rest is read from the texts, a row for each document',
  apply: (situation) => {
    const wanted = readSchemaGoal(situation.goal);
    if (!wanted) return null;
    const named = situation.tables.filter(({ name }) => isNamed(name, situation.goal));
    const tables = named.length > 1 ? named : situation.tables;
    if (tables.length === 0) return { refusal: { reason: 'there is no table to bring into this form', missing: 'tables or documents' } };
    return { built: build(wanted, tables, situation) };
  },
};

/** Where a table has what is wanted, and what has to be read from its texts. */
interface Source {
  table: TableView;
  columns: Map<string, ColumnView>;
  /** Read of the text, under names that the table leaves free. */
  asked: Map<string, string>;
  text: ColumnView | null;
}

/** A text of this length may say more than a column does, in characters. */
const LONG = 60;
const SOURCE = /^(?:source|file|origin|provenance)$/;

const build = (
  { fields, order, incomplete }: NonNullable<ReturnType<typeof readSchemaGoal>>,
  tables: readonly TableView[],
  { takenProperties, inputs }: Situation,
): Built => {
  const taken = new Set(inputs.map((name) => name.toLowerCase()));
  const sources = tables.map((table) => sourceOf(table, fields, takenProperties));
  const typed = fields.map((field) => ({ ...field, type: typeOf(field, sources) }));
  const steps: Step[] = [];
  const selects: string[] = [];
  const reads: string[] = [];
  for (const source of sources) {
    const map =
      source.asked.size > 0 ? readStep(unique(sources.length > 1 ? `read_${source.table.name}` : 'read', taken), source, typed) : null;
    if (map) steps.push(map);
    const from = map?.id ?? source.table.name;
    reads.push(from);
    selects.push(
      `SELECT ${typed.map((field) => columnSql(field, source)).join(', ')} FROM ${quoted(from)}${map ? " WHERE _status = 'ok'" : ''}`,
    );
  }
  const id = unique('together', taken);
  const rest = typed.map(({ name }) => name).filter((name) => !order.includes(name) && typed[0]?.name === name);
  const query = `${selects.join(' UNION ALL ')}${order.length > 0 ? ` ORDER BY ${[...order, ...rest].map(quoted).join(', ')}` : ''}`;
  const absent = sources.flatMap((source) =>
    typed.flatMap((field) => (isThere(field, source) ? [] : [`${field.name} of ${source.table.name}`])),
  );
  steps.push({ id, kind: 'sql', description: 'All of them in one form', inputs: reads, query });
  const outputs = [id];
  if (incomplete) {
    const gaps = unique('incomplete', taken);
    const conditions = typed.filter(({ name }) => !SOURCE.test(name)).map(({ name }) => `${quoted(name)} IS NULL`);
    steps.push({
      id: gaps,
      kind: 'sql',
      description: 'Those of which something is missing',
      inputs: [id],
      query: `SELECT * FROM ${id} WHERE ${conditions.join(' OR ')}`,
    });
    outputs.push(gaps);
  }
  return { steps, outputs, impossible: absent };
};

const sourceOf = (table: TableView, fields: readonly Field[], takenProperties: ReadonlySet<string>): Source => {
  const own = table.columns.filter(({ name }) => !name.startsWith('_'));
  const [read] = readColumns({ ...table, columns: own }, '');
  const text = read && isText(read) && (read.length?.p50 ?? 0) >= LONG ? read : null;
  const columns = new Map<string, ColumnView>();
  for (const { name } of fields) {
    const free = own.filter((column) => column !== text && ![...columns.values()].includes(column));
    const column = columnFor(name, free);
    if (column) columns.set(name, column);
  }
  const names = new Set([...table.columns.map(({ name }) => name), ...takenProperties].map((name) => name.toLowerCase()));
  const unknown = fields.filter(({ name }) => !SOURCE.test(name) && mayBeEmpty(columns.get(name)));
  const asked = text ? unknown.map(({ name }): [string, string] => [name, unique(name, names)]) : [];
  return { table, columns, text, asked: new Map(asked) };
};

const mayBeEmpty = (column: ColumnView | undefined): boolean => !column || (typeof column.nullShare === 'number' && column.nullShare > 0);
const isThere = ({ name }: Field, { columns, asked }: Source): boolean => columns.has(name) || asked.has(name) || SOURCE.test(name);

/** Where the goal leaves it open, numbers are what they are in a table that has them. */
const typeOf = ({ name, type }: Field, sources: readonly Source[]): Field['type'] => {
  const columns = sources.flatMap(({ columns: own }) => own.get(name) ?? []).filter(isNumber);
  if (type !== 'text' || columns.length === 0) return type;
  return columns.every((column) => /INT/i.test(column.type)) ? 'whole' : 'number';
};

const columnSql = ({ name, type }: Field, { table, columns, asked }: Source): string => {
  const column = columns.get(name);
  const read = asked.get(name);
  const own = column && (column.type === SQL_TYPES[type] ? quoted(column.name) : `TRY_CAST(${quoted(column.name)} AS ${SQL_TYPES[type]})`);
  const found = [own ?? [], read === undefined ? [] : quoted(read)].flat();
  const none = SOURCE.test(name) ? literal(table.name) : `CAST(NULL AS ${SQL_TYPES[type]})`;
  const value = found.length > 1 ? `coalesce(${found.join(', ')})` : (found[0] ?? none);
  return value === quoted(name) ? value : `${value} AS ${quoted(name)}`;
};

const readStep = (id: string, { table, text, asked }: Source, fields: readonly Field[]): MapStep => {
  const wanted = fields.flatMap((field) => {
    const property = asked.get(field.name);
    return property === undefined ? [] : [{ field, property }];
  });
  const heading = table.columns.find(({ name }) => /^(?:title|name)$/i.test(name) && name !== text?.name);
  const said = wanted.map(({ field, property }) => `- ${property}${field.phrase === property ? '' : `: ${field.phrase}`}`).join('\n');
  const what = heading ? `the document {{${heading.name}}}` : 'this text';
  return {
    id,
    kind: 'map',
    description: `What the texts of ${table.name} say: ${wanted.map(({ field }) => field.name).join(', ')}`.slice(0, MOST_DESCRIPTION),
    input: table.name,
    template: {
      mode: 'llm',
      instructions: `What does ${what} say of what it describes? Answer from it alone, with null for what it does not say.\n${said}\nThe text: {{${text?.name ?? ''}}}`,
      output: outputOf(Object.fromEntries(wanted.map(({ field, property }) => [property, schemaOf(field)]))),
    },
  };
};

const MOST_DESCRIPTION = 400;
