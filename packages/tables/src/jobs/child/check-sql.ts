import { type Column } from '@apwa/contracts';
import { guardQuery } from '../../sql/guard.js';
import { boundColumns, resultColumns } from '../../sql/result-columns.js';
import { formatType, parseType, quoteName } from '../../types/column-type.js';
import { type JobSettings, type JobWork } from '../protocol.js';
import { openDatabase } from './database.js';
import { sqlFault } from './sql-errors.js';

type CheckJob = Extract<JobWork, { kind: 'check' }>;

/** Parses and binds a query against empty tables: what `runSql` would refuse is refused here. */
export const checkSql = async (settings: JobSettings, { tables, query }: CheckJob): Promise<{ columns: Column[] }> => {
  const connection = await openDatabase(settings);
  try {
    for (const { name, columns } of tables) {
      const definitions = columns.map((column) => `${quoteName(column.name)} ${formatType(parseType(column.type))}`);
      await connection.run(`CREATE TABLE ${quoteName(name)} (${definitions.join(', ')})`);
    }
    const { text, syntax } = await guardQuery(
      connection,
      query,
      tables.map(({ name }) => name),
    );
    return { columns: resultColumns(await boundColumns(connection, text), syntax).columns };
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};
