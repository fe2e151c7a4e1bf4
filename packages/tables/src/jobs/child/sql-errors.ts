import { type ApwaError, InternalError, PermanentError, RefusedError } from '@apwa/contracts';
import { ApwaError as Base } from '@apwa/contracts';

/** The kinds of DuckDB's errors that mean: the query is wrong. DuckDB says the kind nowhere but in front of its message. */
const QUERY_FAULTS = new Set([
  'Parser',
  'Binder',
  'Catalog',
  'Permission',
  'Not implemented',
  'Invalid Configuration',
  'Expression',
  'Syntax',
]);
/** Those that rows bring about: a text that is no number, a sum that is too large. */
const DATA_FAULTS = new Set([
  'Conversion',
  'Out of Range',
  'Invalid Input',
  'Mismatch Type',
  'Constraint',
  'Division by Zero',
  'Invalid',
  'Invalid Type',
]);

const LONGEST_MESSAGE = 2_000;

/** An error of DuckDB as one of ours, its message readable for a person or a model, candidates included. */
export const sqlFault = (thrown: unknown): ApwaError => {
  if (thrown instanceof Base) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const kind = /^([A-Z][A-Za-z ]{0,40}?) (?:Error|error):/.exec(text)?.[1] ?? '';
  const message = text.slice(0, LONGEST_MESSAGE).trim();
  if (/^out of memory$/i.test(kind) || /bad_alloc|cannot allocate memory/i.test(text))
    return new PermanentError('sql_memory_limit', 'The query needs more memory than it is given.', { field: 'query' });
  if (QUERY_FAULTS.has(kind)) return new RefusedError('invalid_sql', message, { field: 'query' });
  if (DATA_FAULTS.has(kind)) return new PermanentError('sql_failed', message, { field: 'query' });
  return new InternalError('sql_internal', message, { cause: thrown });
};

/** A job would write more rows than it may. `field`: what makes that many of them. */
export const tooManyRows = (what: string, field: string, maxRows: number): PermanentError =>
  new PermanentError('sql_too_many_rows', `The ${what} gives more than ${maxRows} rows.`, {
    field,
    allowed: `${maxRows} rows at most; the setting limits.sql.rows says so`,
  });
