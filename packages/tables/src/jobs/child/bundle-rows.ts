import { type DuckDBConnection } from '@duckdb/node-api';
import { BOOKKEEPING_COLUMNS, BUNDLE_COLUMNS, type Column } from '@apwa/contracts';
import { itemText } from '../../reduce/item-text.js';
import { quoteName, quoteText } from '../../types/column-type.js';
import { type JobSettings, type JobWork, type WrittenGroups } from '../protocol.js';
import { BundleWriter } from './bundle-writer.js';
import { bundlesOfGroup, groupsOf } from './bundle-groups.js';
import { openDatabase, partFormat } from './database.js';
import { itemsQuery, textOf } from './item-queries.js';
import { failuresOf } from './row-failures.js';
import { sqlFault, tooManyRows } from './sql-errors.js';

type BundleJob = Extract<JobWork, { kind: 'bundle' }>;

/** Texts of bundles that are held at once, in bytes, unless a single one is larger. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Puts the rows of each group together in bundles that fit a call, in order: a row for each bundle. A group that cannot be bundled is a
 * failed row, which says why.
 */
export const bundleRows = async (settings: JobSettings, job: BundleJob): Promise<WrittenGroups> => {
  const { maxRows } = job;
  const connection = await openDatabase(settings);
  try {
    await connection.run(`CREATE TABLE items AS ${itemsQuery(job)}`);
    const writer = await BundleWriter.create(connection);
    for await (const group of groupsOf(connection))
      for (const bundle of bundlesOfGroup(group, job)) {
        if (writer.count === maxRows) throw tooManyRows('bundling', 'maxTokens', maxRows);
        writer.add(bundle);
      }
    writer.close();
    await writeTexts(connection, job, writer.bytes);
    return await writePart(connection, settings, job);
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};

/** The texts of the bundles, a few bundles at a time. `bytes`: of each. */
const writeTexts = async (connection: DuckDBConnection, job: BundleJob, bytes: readonly number[]): Promise<void> => {
  await connection.run(
    `CREATE TABLE texts AS SELECT p.b, i.o, i.label, t."text" FROM placed p JOIN items i ON i.r = p.r
     JOIN (SELECT "_row", ${textOf(job)} AS "text" FROM (${job.input.select})) t ON t."_row" = p.r ORDER BY p.b, i.o`,
  );
  await connection.run('CREATE TABLE filled (b BIGINT, items VARCHAR)');
  const appender = await connection.createAppender('filled');
  for (let at = 0; at < bytes.length;) {
    const first = at;
    for (let sum = 0; at < bytes.length && (at === first || sum + (bytes[at] as number) <= BATCH_BYTES); at++) sum += bytes[at] as number;
    const read = await connection.runAndReadAll(`SELECT b, label, "text" FROM texts WHERE b BETWEEN ${first} AND ${at - 1} ORDER BY b, o`);
    const bundles = Map.groupBy(read.getRows() as [bigint, string, string][], ([bundle]) => bundle);
    for (const [bundle, items] of bundles) {
      appender.appendBigInt(bundle);
      appender.appendVarchar(itemText(items.map(([, label, text]) => ({ label, text }))));
      appender.endRow();
    }
    appender.flushSync();
  }
  appender.closeSync();
};

const rows = (of: 'source' | 'left_out'): string =>
  `(SELECT b, sum("last" - "first" + 1)::BIGINT AS n, list(struct_pack("first" := "first", "last" := "last") ORDER BY place) AS list
    FROM ranges WHERE what = '${of}' GROUP BY b)`;

const packed = (alias: string): string => `struct_pack("count" := coalesce(${alias}.n, 0), "rows" := coalesce(${alias}.list, []))`;

const writePart = async (connection: DuckDBConnection, settings: JobSettings, job: BundleJob): Promise<WrittenGroups> => {
  const by = job.by.flatMap((name) => job.input.columns.find((column) => column.name === name) ?? []);
  const values: Record<string, string> = {
    _row: 'k.b',
    _status: `CASE WHEN k.code IS NULL THEN 'ok' ELSE 'failed' END`,
    _error_code: 'k.code',
    _error: 'k.problem',
    _attempts: '0',
    items: 'f.items',
    sources: packed('s'),
    left_out: packed('l'),
    bundle: `struct_pack("group" := k.g, "number" := k.n, "tokens" := k.tokens, "code" := k.code, "problem" := k.problem)`,
  };
  const own: Column[] = [...BUNDLE_COLUMNS, ...BOOKKEEPING_COLUMNS];
  const list = own.map(({ name, type }) => `CAST(${values[name] ?? 'NULL'} AS ${type}) AS ${quoteName(name)}`);
  const named = by.map(({ name }) => `t.${quoteName(name)}`);
  const group =
    named.length > 0 ? `JOIN (SELECT "_row", ${job.by.map(quoteName).join(', ')} FROM (${job.input.select})) t ON t."_row" = k.r` : '';
  const { rowsChanged } = await connection.run(
    `COPY (SELECT ${[...named, ...list].join(', ')} FROM bundles k ${group} LEFT JOIN filled f ON f.b = k.b
       LEFT JOIN ${rows('source')} s ON s.b = k.b LEFT JOIN ${rows('left_out')} l ON l.b = k.b ORDER BY k.b)
     TO ${quoteText(job.output)} (${partFormat(settings)})`,
  );
  const failures = await failuresOf(connection, `SELECT code AS "_error_code", problem AS "_error" FROM bundles WHERE code IS NOT NULL`);
  return { rows: rowsChanged, columns: [...by, ...BUNDLE_COLUMNS], ...failures };
};
