import { type Quote } from '@apwa/contracts';
import { type Amendment, type DataTable, type Export, type Owner, Prisma, type Run } from '../generated/prisma/client.js';
import { type ExportRow } from '../exports/exports.repository.js';
import { type StageRow } from '../stages/stages.repository.js';
import { type TableRow, byLevel } from '../tables/tables.repository.js';
import { type RunRecord } from './run-record.js';

/*
 * A run's record is one statement, which is one snapshot as well: read relation by relation it is ten of them in a transaction, again and
 * again while a run is under way. JSON is put together of JSON columns as they stand: JSONB would sort the keys in them.
 */

/** Fields by the names that Prisma has for them, of columns by the names that the schema maps them to. */
const object = (row: string, fields: object, ...more: string[]): string => {
  const pairs = Object.keys(fields).map((field) => `'${field}', ${row}.${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`);
  return `json_build_object(${[...pairs, ...more].join(', ')})`;
};

const { metadata: _metadata, ...tableFields } = Prisma.DataTableScalarFieldEnum;
const { submission: _submission, ...stageFields } = Prisma.StageScalarFieldEnum;

const stage = `'stage', CASE WHEN s.id IS NOT NULL THEN ${object('s', stageFields)} END`;
const table = object('t', tableFields, stage);

/** Of a run `r` with its owner `o`. */
const record = Prisma.raw(`json_build_object(
  'run', ${object('r', Prisma.RunScalarFieldEnum)},
  'owner', ${object('o', Prisma.OwnerScalarFieldEnum)},
  'inputs', (
    SELECT json_agg(json_build_object('name', i.name, 'table', ${table}) ORDER BY i.position)
    FROM manager.run_inputs i JOIN manager.tables t ON t.id = i.table_id LEFT JOIN manager.stages s ON s.id = t.stage_id
    WHERE i.run_id = r.id),
  'tables', (
    SELECT json_agg(${table} ORDER BY t.id) FROM manager.tables t LEFT JOIN manager.stages s ON s.id = t.stage_id
    WHERE t.run_id = r.id AND (t.step_id IS NOT NULL OR t.match_of IS NOT NULL OR t.level_of IS NOT NULL OR t.sample_of IS NOT NULL
        OR t.replaced_of IS NOT NULL)),
  'tries', (
    SELECT json_agg(${table} ORDER BY t.id)
    FROM manager.runs c JOIN manager.tables t ON t.run_id = c.id LEFT JOIN manager.stages s ON s.id = t.stage_id
    WHERE c.try_of = r.id AND t.sample_of IS NOT NULL),
  'exports', (
    SELECT json_agg(${object('e', Prisma.ExportScalarFieldEnum, stage)} ORDER BY e.position)
    FROM manager.exports e LEFT JOIN manager.stages s ON s.id = e.stage_id
    WHERE e.run_id = r.id),
  'quote', (SELECT v.quote FROM manager.plans v WHERE v.run_id = r.id AND v.version = r.plan_version),
  'turns', (
    SELECT json_agg(json_build_object('turn', p.turn, 'outcome', p.outcome, 'usage', p.usage, 'costUsd', p.cost_usd) ORDER BY p.turn)
    FROM manager.planner_turns p WHERE p.run_id = r.id),
  'amendments', (
    SELECT json_agg(${object('a', Prisma.AmendmentScalarFieldEnum)} ORDER BY a.number)
    FROM manager.amendments a WHERE a.run_id = r.id))::text`);

const from = Prisma.raw('FROM manager.runs r JOIN manager.owners o ON o.id = r.id');

/** Rows of `{ record }`, for `parseRecord`, newest first. */
export const recordsQuery = (ids: string[]): Prisma.Sql =>
  Prisma.sql`SELECT ${record} AS record ${from} WHERE r.id = ANY(${ids}) ORDER BY r.id DESC`;

/** The same of one run; `record` is null where its version is the one that was seen. */
export const changedRecordQuery = (id: string, seen: number): Prisma.Sql =>
  Prisma.sql`SELECT CASE WHEN r.version <> ${seen} THEN ${record} END AS record ${from} WHERE r.id = ${id}`;

/** Fields of a row that JSON has no type for, or that are lists: those are empty where Postgres has nothing. */
type Typed<Row> = {
  [Field in keyof Row as Extract<Row[Field], Date | bigint> extends never ? (Row[Field] extends string[] ? Field : never) : Field]: (
    value: unknown,
  ) => Row[Field];
};

const date = (value: unknown): Date => new Date(value as string);
const dateOrNull = (value: unknown): Date | null => (value === null ? null : date(value));
/** Counts of rows and of bytes: JSON's numbers are exact as far as they go. */
const countOrNull = (value: unknown): bigint | null => (value === null ? null : BigInt(value as number));
const list = (value: unknown): string[] => (value as string[] | null) ?? [];

const ofRun: Typed<Run> = {
  approvedAt: dateOrNull,
  cancelRequestedAt: dateOrNull,
  planningStartedAt: dateOrNull,
  createdAt: date,
  startedAt: dateOrNull,
  finishedAt: dateOrNull,
  deletedAt: dateOrNull,
  redriveSteps: list,
  pausedSteps: list,
  cancelledSteps: list,
};
const ofOwner: Typed<Owner> = { finishedAt: dateOrNull, leasedUntil: dateOrNull };
const ofTable: Typed<Omit<DataTable, 'metadata'>> = {
  inputs: list,
  files: list,
  rows: countOrNull,
  createdAt: date,
  startedAt: dateOrNull,
  finishedAt: dateOrNull,
  stages: list,
  bytes: countOrNull,
  deletedAt: dateOrNull,
  removedAt: dateOrNull,
  earlier: list,
};
const ofExport: Typed<Export> = { createdAt: date, deletedAt: dateOrNull, removedAt: dateOrNull };
const ofAmendment: Typed<Amendment> = { startedAt: date, finishedAt: dateOrNull };
const ofStage: Typed<StageRow> = { submittedAt: dateOrNull, createdAt: date };

/** Gives the fields of a row, as they came out of JSON, their types. */
const typed = <Row extends object>(row: Row, fields: Typed<Row>): Row => {
  const all = row as Record<string, unknown>;
  for (const [field, of] of Object.entries<(value: unknown) => unknown>(fields)) all[field] = of(all[field]);
  return row;
};

const withStage = <Row extends { stage: StageRow | null }>(row: Row, fields: Typed<Omit<Row, 'stage'>>): Row => {
  typed<Omit<Row, 'stage'>>(row, fields);
  if (row.stage) typed(row.stage, ofStage);
  return row;
};

interface Read {
  run: Run;
  owner: Owner;
  inputs: { name: string; table: TableRow }[] | null;
  tables: TableRow[] | null;
  tries: TableRow[] | null;
  exports: ExportRow[] | null;
  quote: Quote | null;
  turns: RunRecord['turns'] | null;
  amendments: Amendment[] | null;
}

export const parseRecord = (text: string): RunRecord => {
  const { run, owner, inputs, tables, tries, exports, quote, turns, amendments } = JSON.parse(text) as Read;
  const made = (tables ?? []).map((row) => withStage(row, ofTable));
  return {
    run: typed(run, ofRun),
    owner: typed(owner, ofOwner),
    inputs: (inputs ?? []).map(({ name, table }) => ({ name, table: withStage(table, ofTable) })),
    steps: made.filter(({ stepId }) => stepId !== null),
    matches: made.filter(({ matchOf }) => matchOf !== null),
    levels: made.filter(({ levelOf }) => levelOf !== null).sort(byLevel),
    samples: made.filter(({ sampleOf }) => sampleOf !== null),
    tries: (tries ?? []).map((row) => withStage(row, ofTable)),
    quote,
    exports: (exports ?? []).map((row) => withStage(row, ofExport)),
    turns: turns ?? [],
    amendments: (amendments ?? []).map((row) => typed(row, ofAmendment)),
    replaced: made.filter(({ replacedOf }) => replacedOf !== null),
  };
};
