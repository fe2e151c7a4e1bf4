import {
  type Column,
  type ErrorPayload,
  type FileFormat,
  type ImportOptions,
  type Table,
  type TableMetadata,
  type TableReference,
  type TableState,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { cleanText, fromJsonOrNull, toJson, toJsonOrNull } from '../database/json.js';
import { Prisma, type DataTable, type Stage as StageRow } from '../generated/prisma/client.js';
import { type ProductFacts } from '../owners/product.js';
import { stageFacts } from '../stages/stages.repository.js';

/** A table without its metadata, which can be large: what deciding and displaying runs needs. */
export type TableRow = Omit<DataTable, 'metadata'> & { stage: StageRow | null };

/** What an import is made from. */
export interface ImportSource {
  upload: string;
  format?: FileFormat | undefined;
  options?: ImportOptions | undefined;
}

export const tableFacts = (row: TableRow): ProductFacts => ({
  id: row.id,
  state: row.state as TableState,
  stage: row.stage && stageFacts(row.stage),
  error: fromJsonOrNull<ErrorPayload>(row.error),
});

/** How to read the table; null unless it is ready. */
export const referenceOf = (row: Pick<TableRow, 'reference'>): TableReference | null => fromJsonOrNull<TableReference>(row.reference);
export const columnsOf = (row: Pick<TableRow, 'columns'>): Column[] => fromJsonOrNull<Column[]>(row.columns) ?? [];

export const tableView = (row: DataTable): Table => ({
  id: row.id,
  name: row.name,
  state: row.state as TableState,
  version: row.version,
  rows: row.rows === null ? null : Number(row.rows),
  metadata: fromJsonOrNull<TableMetadata>(row.metadata),
  lineage: { runId: row.runId, stepId: row.stepId, inputs: row.inputs, files: row.files },
  rejectedTableId: row.rejectedTableId,
  error: fromJsonOrNull<ErrorPayload>(row.error),
  createdAt: row.createdAt.toISOString(),
});

/** File names that a table keeps of its import. */
const FILES_KEPT = 100;

@Injectable()
export class TablesRepository {
  constructor(private readonly database: Database) {}

  async createImport(
    queries: Queries,
    table: { id: string; name: string; runId: string | null; source: ImportSource; files: string[] },
  ): Promise<void> {
    const { source, files, ...data } = table;
    await queries.dataTable.create({
      data: { ...data, state: 'waiting', inputs: [], files: files.slice(0, FILES_KEPT).map(cleanText), source: toJson(source) },
    });
  }

  async createOfStep(queries: Queries, table: { id: string; runId: string; stepId: string; inputs: string[] }): Promise<void> {
    await queries.dataTable.create({ data: { ...table, name: table.stepId, state: 'waiting', files: [] } });
  }

  async find(id: string): Promise<DataTable | null> {
    return this.database.dataTable.findUnique({ where: { id } });
  }

  async findRow(id: string): Promise<TableRow | null> {
    return this.database.dataTable.findUnique({ where: { id }, include: { stage: true }, omit: { metadata: true } });
  }

  async findMany(ids: string[]): Promise<DataTable[]> {
    return this.database.dataTable.findMany({ where: { id: { in: ids } } });
  }

  /** Newest first. */
  async list(limit: number, after?: string): Promise<DataTable[]> {
    return this.database.dataTable.findMany({
      where: { deletedAt: null, ...(after === undefined ? {} : { id: { lt: after } }) },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }

  /**
   * Those of the tables that are not there, or are deleted. The others are locked: until the transaction ends, in which something
   * is written down that will read them, nobody can delete them.
   */
  async hold(queries: Queries, ids: string[]): Promise<string[]> {
    const rows = await queries.$queryRaw<{ id: string }[]>`
      SELECT id FROM manager.tables WHERE id = ANY(${ids}) AND deleted_at IS NULL ORDER BY id FOR SHARE`;
    const held = new Set(rows.map(({ id }) => id));
    return ids.filter((id) => !held.has(id));
  }

  /** Gives a waiting table its stage. False if it has one already, or waits no more. */
  async begin(queries: Queries, id: string, stageId: string): Promise<boolean> {
    const { count } = await queries.dataTable.updateMany({
      where: { id, state: 'waiting', stageId: null },
      data: { stageId, state: 'writing', startedAt: new Date() },
    });
    return count === 1;
  }

  /** The id of the table of rejected rows: chosen once, whoever asks again gets the same. */
  async reserveRejected(id: string, rejectedId: string): Promise<string> {
    await this.database.dataTable.updateMany({ where: { id, rejectedTableId: null }, data: { rejectedTableId: rejectedId } });
    const row = await this.database.dataTable.findUniqueOrThrow({ where: { id }, select: { rejectedTableId: true } });
    return row.rejectedTableId ?? rejectedId;
  }

  /** A table can be read from now on. False if it was not being written. */
  async complete(queries: Queries, id: string, made: MadeTable): Promise<boolean> {
    const { count } = await queries.dataTable.updateMany({
      where: { id, state: 'writing' },
      data: { ...ready(made), finishedAt: new Date() },
    });
    return count === 1;
  }

  async createRejected(queries: Queries, id: string, of: TableRow, made: MadeTable): Promise<void> {
    const name = `${of.name.slice(0, 63 - REJECTED.length)}${REJECTED}`;
    const data = { name, runId: of.runId, inputs: [], files: of.files, ...ready(made), finishedAt: new Date() };
    await queries.dataTable.upsert({ where: { id }, create: { id, ...data }, update: {} });
  }

  /** A table will never be there. */
  async settle(queries: Queries, id: string, state: 'failed' | 'cancelled', error: ErrorPayload | null): Promise<boolean> {
    const { count } = await queries.dataTable.updateMany({
      where: { id, state: { in: ['waiting', 'writing'] } },
      data: { state, error: toJsonOrNull(error), finishedAt: new Date() },
    });
    return count === 1;
  }
}

const REJECTED = '_rejected';

/** A version of a table as it was written, with what is known of it. */
export interface MadeTable {
  reference: TableReference;
  columns: Column[];
  /** Of its own parts. */
  bytes: number;
  /** Whose parts it names: while it is there they stay, whatever becomes of the table that they were made for. */
  stages: string[];
  metadata: TableMetadata;
}

const ready = ({ reference, columns, bytes, stages, metadata }: MadeTable) =>
  ({
    state: 'ready',
    version: reference.version,
    reference: toJson(reference),
    columns: toJson(columns),
    rows: BigInt(reference.rows),
    bytes: BigInt(bytes),
    stages,
    metadata: toJson(metadata),
  }) satisfies Prisma.DataTableUpdateManyMutationInput;
