import { guardQuery } from '../../sql/guard.js';
import { boundColumns, resultColumns } from '../../sql/result-columns.js';
import { createView } from '../../sql/views.js';
import { quoteText } from '../../types/column-type.js';
import { type JobSettings, type JobWork, type WrittenFile } from '../protocol.js';
import { openDatabase, partFormat } from './database.js';
import { sqlFault, tooManyRows } from './sql-errors.js';

type SqlJob = Extract<JobWork, { kind: 'sql' }>;

/** Writes the result of a query to one Parquet file. */
export const runSql = async (settings: JobSettings, { views, query, maxRows, output }: SqlJob): Promise<WrittenFile> => {
  const connection = await openDatabase(settings);
  try {
    for (const view of views) await connection.run(createView(view));
    const { text, syntax } = await guardQuery(
      connection,
      query,
      views.map(({ name }) => name),
    );
    const { columns, select } = resultColumns(await boundColumns(connection, text), syntax);
    // One row more than allowed shows that there are too many; their number would cost the whole query.
    const copied = await connection.run(
      `COPY (SELECT ${select} FROM (${text}\n) LIMIT ${maxRows + 1}) TO ${quoteText(output)} (${partFormat(settings)})`,
    );
    if (copied.rowsChanged > maxRows) throw tooManyRows('query', 'query', maxRows);
    return { rows: copied.rowsChanged, columns };
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};
