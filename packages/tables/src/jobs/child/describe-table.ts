import { type RowValues, type TableMetadata } from '@apwa/contracts';
import { isBookkeeping } from '../../manifests/table-columns.js';
import { fitMetadata } from '../../metadata/fit-metadata.js';
import { measure, MEASURED_COLUMNS } from '../../metadata/statistics.js';
import { quoteName } from '../../types/column-type.js';
import { type JobSettings, type JobWork } from '../protocol.js';
import { openDatabase } from './database.js';
import { streamRows } from './duckdb-values.js';
import { sqlFault } from './sql-errors.js';

type DescribeJob = Extract<JobWork, { kind: 'describe' }>;

const SAMPLE_ROWS = 5;
/** Of a map's result, how its rows ended is told beside its content. */
const OUTCOME = new Set(['_status', '_error_code']);

/** Reads a table once and says what an agent may know of it. */
export const describeTable = async (settings: JobSettings, { view, bytes }: DescribeJob): Promise<TableMetadata> => {
  const connection = await openDatabase(settings);
  try {
    const content = view.columns.filter(({ name }) => !isBookkeeping(name));
    const columns = [...content, ...view.columns.filter(({ name }) => OUTCOME.has(name))];
    const { rows, statistics } = await measure(connection, view, columns);
    const sampled = content.slice(0, MEASURED_COLUMNS);
    const sample: RowValues[] = [];
    const select = `SELECT ${sampled.map(({ name }) => quoteName(name)).join(', ')} FROM (${view.select}) LIMIT ${SAMPLE_ROWS}`;
    for await (const chunk of streamRows(connection, select, sampled)) sample.push(...chunk);
    return fitMetadata({ rows, bytes, columns, statistics, sample });
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};
