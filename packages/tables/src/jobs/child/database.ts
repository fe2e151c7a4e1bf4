import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from '../../types/column-type.js';
import { type JobSettings } from '../protocol.js';

/** What DuckDB may put down on disk for one job, beside its results. */
const SPILL = '64GB';

/**
 * A connection to a database of the job's own that can read the job's files and write to its `out/` folder, and nothing else;
 * `prepare` runs before the configuration is locked.
 */
export const openDatabase = async ({ folder, readable, memoryMb, threads, largeRows }: JobSettings): Promise<DuckDBConnection> => {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryMb}MB`,
    threads: String(largeRows ? 1 : threads),
    temp_directory: `${folder}/spill`,
    max_temp_directory_size: SPILL,
    preserve_insertion_order: String(!largeRows),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`SET allowed_paths = [${readable.map(quoteText).join(', ')}]`);
  await connection.run(`SET allowed_directories = [${quoteText(`${folder}/out/`)}]`);
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  return connection;
};

/** How `COPY … TO` writes a part: small row groups, so that a reader of a few rows reads little beside them. */
export const partFormat = ({ largeRows }: JobSettings): string =>
  `FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 2048${largeRows ? `, ROW_GROUP_SIZE_BYTES ${LARGE_ROW_GROUP_BYTES}` : ''}`;

/** DuckDB goes by bytes only where it need not keep the order over threads; with one thread it keeps it all the same. */
const LARGE_ROW_GROUP_BYTES = 8 * 1024 * 1024;
