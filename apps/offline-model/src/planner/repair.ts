import { type Conversation, type Fault } from './conversation.js';
import { type TableView } from './tables.js';

/** What rejected plans have taught. */
export interface Corrected {
  tables: TableView[];
  takenProperties: ReadonlySet<string>;
}

const PLACEHOLDER = /\.template\.instructions$/;
const PROPERTY = /\.template\.output\.properties\.(.+)$/;
const QUERY = /\.query$/;

const namesIn = (text: unknown): string[] =>
  typeof text === 'string'
    ? text
        .replace(/ and \d+ more.*$| ?\(did you mean .*$/, '')
        .split(/,\s*/)
        .map((name) => name.replace(/^\{\{|\}\}$/g, '').trim())
    : [];

/**
 * The tables as the faults show them to be: columns that turned out not to exist are gone, and those that the faults name as
 * allowed are there. Names of properties that clashed are not taken again.
 */
export const correct = ({ tables, rejections }: Conversation): Corrected => {
  const gone = new Set<string>();
  const found = new Set<string>();
  const takenProperties = new Set<string>();
  for (const { field, message, value, allowed } of rejections.flatMap(({ faults }) => faults)) {
    const property = PROPERTY.exec(field)?.[1];
    if (property !== undefined) takenProperties.add(typeof value === 'string' ? value : property);
    else if (PLACEHOLDER.test(field) && typeof value === 'string' && /^\{\{.*\}\}$/.test(value)) {
      gone.add(value.slice(2, -2));
      for (const name of namesIn(allowed)) if (name !== '' && !name.startsWith('_')) found.add(name);
    } else if (QUERY.test(field)) for (const name of unboundIn(message)) gone.add(name);
  }
  if (gone.size === 0 && found.size === 0) return { tables, takenProperties };
  const corrected = tables.map((table) => {
    const columns = table.columns.filter(({ name }) => !gone.has(name));
    const known = new Set(columns.map(({ name }) => name));
    const added = columns.length === 0 || columns.length < table.columns.length ? [...found].filter((name) => !known.has(name)) : [];
    return { ...table, columns: [...columns, ...added.map((name) => ({ name, type: 'VARCHAR' }))] };
  });
  return { tables: corrected, takenProperties };
};

/** Columns that a query named and DuckDB did not find. */
const unboundIn = (message: Fault['message']): string[] =>
  [...message.matchAll(/column "?([^"\n]+?)"? not found|does not have a column named "([^"]+)"/gi)].map(([, a, b]) => (a ?? b) as string);
