import { type DuckDBConnection } from '@duckdb/node-api';
import { type Column, RefusedError } from '@apwa/contracts';
import { isBookkeeping } from '../manifests/table-columns.js';
import { formatType, parseType, quoteName } from '../types/column-type.js';
import { storedType } from '../types/stored-type.js';
import { explicitNames, type Syntax } from './syntax.js';

/** The columns of a query's result as DuckDB binds it, without running it. */
export const boundColumns = async (connection: DuckDBConnection, query: string): Promise<Column[]> => {
  const described = await connection.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE (${query}\n))`);
  return described.getRows().map(([name, type]) => ({ name: name as string, type: type as string }));
};

export interface ResultColumns {
  columns: Column[];
  /** The SELECT list that makes them of the query's columns. */
  select: string;
}

/**
 * The columns of the table that a query's result becomes. Bookkeeping columns that a star brought along are left out, as they
 * tell of another table's rows; one that the query names is refused, as are other names that begin with `_`. Types are those
 * that Parquet holds.
 */
export const resultColumns = (bound: readonly Column[], syntax: Syntax): ResultColumns => {
  const explicit = explicitNames(syntax);
  const kept = bound.filter(({ name }) => {
    if (!name.startsWith('_')) return true;
    if (isBookkeeping(name) && !explicit.has(name)) return false;
    throw new RefusedError('invalid_sql', `The result has a column ${name}: names that begin with _ belong to the machinery.`, {
      field: 'query',
      value: name,
      allowed: `another name, for example ${name} AS ${name.replace(/^_+/, '') || 'value'}`,
    });
  });
  if (kept.length === 0)
    throw new RefusedError('invalid_sql', 'The result has no columns but those of the machinery.', {
      field: 'query',
      allowed: 'at least one column of its own',
    });
  const stored = kept.map(({ name, type }) => ({ name, from: type, type: formatType(storedType(parseType(type))) }));
  return {
    columns: stored.map(({ name, type }) => ({ name, type })),
    select: stored
      .map(({ name, from, type }) =>
        formatType(parseType(from)) === type ? quoteName(name) : `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`,
      )
      .join(', '),
  };
};
