import { type ErrorPayload, type Export, type ExportFormat, type Part, type TableState } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { fromJsonOrNull, toJson, toJsonOrNull } from '../database/json.js';
import { type Export as ExportRecord } from '../generated/prisma/client.js';
import { type ProductFacts } from '../owners/product.js';
import { type StageRow, stageFacts, stageOfProduct } from '../stages/stages.repository.js';

export type ExportRow = ExportRecord & { stage: StageRow | null };

export const exportFacts = (row: ExportRow): ProductFacts => ({
  id: row.id,
  state: row.state as TableState,
  stage: row.stage && stageFacts(row.stage),
  error: fromJsonOrNull<ErrorPayload>(row.error),
  okRows: 0,
  failedRows: 0,
});

export const partOf = (row: Pick<ExportRow, 'part'>): Part | null => fromJsonOrNull<Part>(row.part);

/** Who asks for an export sees it `writing` from the beginning: that it waits for its stage is our affair. */
export const exportView = (row: ExportRecord): Export => {
  const part = partOf(row);
  return {
    id: row.id,
    tableId: row.tableId,
    format: row.format as ExportFormat,
    rows: row.rows as Export['rows'],
    state: row.state === 'waiting' ? 'writing' : (row.state as Export['state']),
    rowCount: part?.rows ?? null,
    bytes: part?.bytes ?? null,
    error: fromJsonOrNull<ErrorPayload>(row.error),
  };
};

export type NewExport = Pick<ExportRecord, 'id' | 'tableId' | 'format' | 'rows' | 'bookkeeping'> &
  Partial<Pick<ExportRecord, 'runId' | 'stepId' | 'position'>>;

@Injectable()
export class ExportsRepository {
  constructor(private readonly database: Database) {}

  async create(queries: Queries, item: NewExport): Promise<ExportRecord> {
    return queries.export.create({ data: { ...item, state: 'waiting' } });
  }

  async find(id: string): Promise<ExportRow | null> {
    return this.database.export.findUnique({ where: { id }, include: { stage: stageOfProduct } });
  }

  async begin(queries: Queries, id: string, stageId: string): Promise<boolean> {
    const { count } = await queries.export.updateMany({
      where: { id, state: 'waiting', stageId: null },
      data: { stageId, state: 'writing' },
    });
    return count === 1;
  }

  async complete(queries: Queries, id: string, part: Part): Promise<boolean> {
    const { count } = await queries.export.updateMany({ where: { id, state: 'writing' }, data: { state: 'ready', part: toJson(part) } });
    return count === 1;
  }

  async settle(queries: Queries, id: string, state: 'failed' | 'cancelled', error: ErrorPayload | null): Promise<boolean> {
    const { count } = await queries.export.updateMany({
      where: { id, state: { in: ['waiting', 'writing'] } },
      data: { state, error: toJsonOrNull(error) },
    });
    return count === 1;
  }
}
