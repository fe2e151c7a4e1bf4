import { type DuckDBConnection } from '@duckdb/node-api';
import { excerpt, type RowErrorCode } from '@apwa/contracts';
import { type RowFailures } from '../protocol.js';

const EXAMPLE_LENGTH = 300;

/** Failed rows of a result by code. `select`: gives `_error_code` and `_error` of each. */
export const failuresOf = async (connection: DuckDBConnection, select: string): Promise<RowFailures> => {
  const read = await connection.runAndReadAll(
    `SELECT "_error_code", count(*)::BIGINT, coalesce(first("_error"), '') FROM (${select}) GROUP BY 1 ORDER BY 1`,
  );
  const found = read.getRows() as [RowErrorCode, bigint, string][];
  return {
    errors: Object.fromEntries(found.map(([code, rows]) => [code, Number(rows)])),
    examples: Object.fromEntries(found.map(([code, , example]) => [code, excerpt(example, EXAMPLE_LENGTH)])),
  };
};
