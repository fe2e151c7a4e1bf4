import { BOOKKEEPING_COLUMNS, BUNDLE_COLUMNS, REDUCED_COLUMNS } from '@apwa/contracts';
import { quoteName, quoteText } from '../../types/column-type.js';
import { type JobSettings, type JobWork, type WrittenGroups } from '../protocol.js';
import { openDatabase, partFormat } from './database.js';
import { failuresOf } from './row-failures.js';
import { sqlFault } from './sql-errors.js';

type GatherJob = Extract<JobWork, { kind: 'gather' }>;

/** Failed answers that the error of a group names. */
const NAMED = 3;

/** Sums over all answers that a group took, whatever became of them. */
const SUMMED = ['_attempts', '_input_tokens', '_cached_tokens', '_output_tokens', '_cost_usd', '_latency_ms'] as const;

/** Takes of all levels what has become of each group, in the order of their first rows: its last answer, or why it has none. */
export const gatherGroups = async (settings: JobSettings, job: GatherJob): Promise<WrittenGroups> => {
  const connection = await openDatabase(settings);
  try {
    await connection.run(
      `CREATE TABLE every AS ${job.levels.map((view, index) => levelSelect(job, view.select, index + 1)).join(' UNION ALL ') || nothing(job)}`,
    );
    await connection.run(`CREATE TABLE groups AS ${groupsSelect(job)}`);
    const { rowsChanged } = await connection.run(
      `COPY (SELECT * FROM groups ORDER BY "_row") TO ${quoteText(job.output)} (${partFormat(settings)})`,
    );
    const failures = await failuresOf(connection, `SELECT "_error_code", "_error" FROM groups WHERE "_status" = 'failed'`);
    return { rows: rowsChanged, columns: [...job.by, ...job.answer, ...REDUCED_COLUMNS], ...failures };
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};

const columnsOf = ({ by, answer }: GatherJob) => [
  ...by,
  ...answer,
  ...BUNDLE_COLUMNS.filter(({ name }) => name !== 'items'),
  ...BOOKKEEPING_COLUMNS,
];

const levelSelect = (job: GatherJob, select: string, level: number): string =>
  `SELECT ${columnsOf(job)
    .map(({ name, type }) => `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`)
    .join(', ')}, ${level}::BIGINT AS "_level" FROM (${select})`;

const nothing = (job: GatherJob): string =>
  `SELECT ${columnsOf(job)
    .map(({ name, type }) => `NULL::${type} AS ${quoteName(name)}`)
    .join(', ')}, NULL::BIGINT AS "_level" WHERE false`;

/**
 * A group has ended at the highest level that has anything of it: with one answer, or with a fault of a bundle or of one of several
 * answers. What it left out was told with its first bundle.
 */
const groupsSelect = ({ by, answer }: GatherJob): string => {
  const first = (name: string): string => `first(${quoteName(name)} ORDER BY "_row")`;
  const values: Record<string, string> = {
    _row: `row_number() OVER (ORDER BY "_group") - 1`,
    _status: `CASE WHEN done THEN 'ok' ELSE 'failed' END`,
    _error_code: `CASE WHEN done THEN NULL WHEN code IS NOT NULL THEN code WHEN n = 1 THEN "_error_code" ELSE 'input_failed' END`,
    _error: `CASE WHEN done THEN NULL WHEN problem IS NOT NULL THEN problem WHEN n = 1 THEN "_error" ELSE
      failed || ' of its ' || n || ' answers of level ' || "_level" || ' failed: ' || array_to_string(list_slice(failures, 1, ${NAMED}), '; ')
      || CASE WHEN failed > ${NAMED} THEN ' …' ELSE '' END END`,
    ...Object.fromEntries(answer.map(({ name }) => [name, `CASE WHEN done THEN ${quoteName(name)} END`])),
    sources: `struct_pack("count" := sources_count, "rows" := sources_rows)`,
    level: '"_level"',
  };
  const columns = [...by, ...answer, ...REDUCED_COLUMNS, ...BOOKKEEPING_COLUMNS];
  const list = columns.map(({ name, type }) => `CAST(${values[name] ?? quoteName(name)} AS ${type}) AS ${quoteName(name)}`);
  const kept = [...by, ...answer].map(({ name }) => `${first(name)} AS ${quoteName(name)}`);
  const totals = SUMMED.map((name) => `sum(${quoteName(name)}) AS ${quoteName(name)}`);
  return `
    WITH placed AS (SELECT *, "bundle"."group" AS "_group" FROM every),
    totals AS (
      SELECT "_group", max("_level") AS "_level", first("left_out" ORDER BY "_level", "_row") AS "left_out", ${totals.join(', ')}
      FROM placed GROUP BY "_group"),
    ends AS (
      SELECT "_group", "_level", count(*) AS n, count(*) FILTER ("_status" = 'failed') AS failed,
        count(*) = 1 AND bool_and("_status" = 'ok') AS done,
        first("bundle"."code" ORDER BY "_row") AS code, first("bundle"."problem" ORDER BY "_row") AS problem,
        sum("sources"."count")::BIGINT AS sources_count, flatten(list("sources"."rows" ORDER BY "_row")) AS sources_rows,
        list('rows ' || list_min([x."first" for x in "sources"."rows"]) || ' to ' || list_max([x."last" for x in "sources"."rows"])
          || ' (' || "_error_code" || ': ' || "_error" || ')' ORDER BY "_row") FILTER ("_status" = 'failed') AS failures,
        ${first('_error_code')} AS "_error_code", ${first('_error')} AS "_error", ${first('_model')} AS "_model",
        ${first('_trace_id')} AS "_trace_id", ${kept.join(', ')}
      FROM placed JOIN totals USING ("_group", "_level") GROUP BY "_group", "_level")
    SELECT ${list.join(', ')} FROM ends JOIN totals USING ("_group", "_level")`;
};
