import { StatementType, type DuckDBConnection } from '@duckdb/node-api';
import { RefusedError } from '@apwa/contracts';
import { quoteText } from '../types/column-type.js';
import { findFaults, type Syntax } from './syntax.js';

const ALLOWED = 'one SELECT statement in DuckDB’s dialect over the given tables';

const refuse = (message: string, value?: string): never => {
  throw new RefusedError('invalid_sql', message, { field: 'query', allowed: ALLOWED, ...(value === undefined ? {} : { value }) });
};

/**
 * Lets a query through that is one SELECT over these tables by DuckDB's own parser, without functions that reach beyond them;
 * gives its text without a semicolon at the end, and its parsed form. Everything else is refused (`invalid_sql`). That DuckDB has
 * no outside access, and runs in a process of its own with limits, holds besides.
 */
export const guardQuery = async (
  connection: DuckDBConnection,
  query: string,
  tables: readonly string[],
): Promise<{ text: string; syntax: Syntax }> => {
  if (query.includes('\0')) refuse('The query holds a NUL character.');
  const serialized = await connection.runAndReadAll(`SELECT json_serialize_sql(${quoteText(query)})`);
  const parsed = JSON.parse(serialized.getRows()[0]?.[0] as string) as
    { error: true; error_type: string; error_message: string; position?: string } | { error: false; statements: { node: Syntax }[] };
  if (parsed.error) {
    if (parsed.error_type === 'not implemented') return refuse('The query is no single SELECT statement.', query);
    return refuse(`Parser Error: ${parsed.error_message}${placeOf(query, parsed.position)}`);
  }
  const [statement] = parsed.statements;
  if (!statement || parsed.statements.length !== 1) return refuse(`The query holds ${parsed.statements.length} statements.`, query);
  const fault = findFaults(statement.node, tables);
  if (fault !== null) refuse(fault);
  const extracted = await connection.extractStatements(query);
  const prepared = extracted.count === 1 ? await extracted.prepare(0) : refuse('The query is no single SELECT statement.', query);
  if (prepared.statementType !== StatementType.SELECT) refuse('The query is no SELECT statement.', query);
  if (prepared.parameterCount > 0) refuse('The query holds parameters such as $1 or ?, and nothing to fill them with.');
  const names = Array.from({ length: prepared.columnCount }, (_, column) => prepared.columnName(column));
  prepared.destroySync();
  refuseDoubleNames(names);
  return { text: await withoutEnd(connection, query), syntax: statement.node };
};

const refuseDoubleNames = (names: readonly string[]): void => {
  const seen = new Set<string>();
  for (const name of names) {
    // DuckDB compares names without regard to case.
    const key = name.toLowerCase();
    if (seen.has(key)) refuse(`The result has two columns ${name}: give one of them another name with AS.`, name);
    seen.add(key);
  }
};

/** The query as it can stand in parentheses. */
const withoutEnd = async (connection: DuckDBConnection, query: string): Promise<string> => {
  if (!query.includes(';')) return query;
  // A semicolon may stand in a text or a comment: DuckDB's own rendering of what it parsed has none at the end.
  const rendered = await connection.runAndReadAll(`SELECT json_deserialize_sql(json_serialize_sql(${quoteText(query)}))`);
  return rendered.getRows()[0]?.[0] as string;
};

const placeOf = (query: string, position: string | undefined): string => {
  const at = position === undefined ? Number.NaN : Number(position);
  if (!Number.isInteger(at)) return '';
  const before = Buffer.from(query).subarray(0, at).toString();
  return ` (line ${before.split('\n').length}, near ${JSON.stringify(query.slice(before.length, before.length + 40))})`;
};
