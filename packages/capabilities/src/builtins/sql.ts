import { InternalError } from '@apwa/contracts';
import { builtin } from './builtin.js';

/** The most that a query may be given and give: it works on what belongs to one row. */
export const SQL_LIMITS = {
  tables: 10,
  rows: 10_000,
  resultRows: 1_000,
  resultBytes: 256 * 1024,
  memoryMb: 256,
  timeoutMs: 10_000,
} as const;

/** It runs in a process of its own, which is the member's to start. */
export const sql = builtin({
  name: 'sql',
  description:
    'What one SELECT (DuckDB) gives over rows that are passed in: "rows" is a table of that name, "tables" holds more by name. For an agent the table "record" has the fields of its own record.',
  input: {
    type: 'object',
    required: ['query'],
    additionalProperties: false,
    properties: {
      query: { type: 'string', minLength: 1, maxLength: 20_000, description: 'One SELECT, such as SELECT sum(price) AS total FROM rows' },
      rows: { ...rowsOf(), description: 'Objects, whose keys are the columns of the table rows' },
      tables: {
        type: ['object', 'null'],
        maxProperties: SQL_LIMITS.tables,
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$' },
        additionalProperties: rowsOf(),
        description: 'Further tables by name, each a list of objects',
      },
    },
  },
  output: {
    type: 'object',
    required: ['rows', 'cut'],
    additionalProperties: false,
    properties: {
      rows: { type: 'array', items: {}, description: `The first ${SQL_LIMITS.resultRows} rows of the result, objects by column` },
      cut: { type: 'boolean', description: 'There are more, or some were too long' },
    },
  },
  call: () => {
    throw new InternalError('not_here', 'A member calls it.');
  },
});

function rowsOf() {
  return { type: ['array', 'null'], maxItems: SQL_LIMITS.rows, items: { type: 'object' } };
}
