import { type Export, type ExportFormat, type ExportRequest, RefusedError, newId } from '@apwa/contracts';
import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { type Readable } from 'node:stream';
import { Database } from '../database/database.js';
import { deleted, notFound } from '../http/not-found.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { STORAGE } from '../settings.js';
import { TablesRepository, partialOf, referenceOf } from '../tables/tables.repository.js';
import { there, unreadable } from '../tables/tables.service.js';
import { type ExportRow, ExportsRepository, exportView, partOf } from './exports.repository.js';

const CONTENT_TYPES: Record<ExportFormat, string> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

export interface ExportContent {
  stream: Readable;
  contentType: string;
  fileName: string;
  bytes: number;
}

@Injectable()
export class ExportsService {
  constructor(
    private readonly database: Database,
    private readonly exports: ExportsRepository,
    private readonly tables: TablesRepository,
    private readonly owners: OwnersRepository,
    private readonly reconciler: Reconciler,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** Begins an export, of a table that is not complete of what is committed by then; its content can be fetched once it is `ready`. */
  async begin(tableId: string, request: ExportRequest): Promise<Export> {
    const table = there(await this.tables.findRow(tableId), tableId);
    if (!referenceOf(table) && !partialOf(table)) throw unreadable(table, 'exported');
    const id = newId('export');
    const created = await this.database.$transaction(async (queries) => {
      if ((await this.tables.hold(queries, [tableId])).length > 0) throw deleted('table', tableId);
      await this.owners.create(queries, { id, kind: 'export' });
      return this.exports.create(queries, { id, tableId, ...request });
    });
    this.reconciler.wake(id);
    return exportView(created);
  }

  async show(id: string): Promise<Export> {
    return exportView(await this.find(id));
  }

  async content(id: string): Promise<ExportContent> {
    const row = await this.find(id);
    const part = partOf(row);
    if (!part) {
      const { state } = exportView(row);
      throw new RefusedError('wrong_state', `Export ${id} has no content: it is ${state}.`, {
        field: 'id',
        value: state,
        allowed: 'ready',
      });
    }
    const table = await this.tables.findRow(row.tableId);
    const ending = `${row.rows === 'failed' ? '.failed' : ''}.${row.format}`;
    return {
      stream: await this.storage.stream(part.key),
      contentType: CONTENT_TYPES[row.format as ExportFormat],
      // A table's name is of letters, digits and _: it needs no quoting.
      fileName: `${table?.name ?? row.tableId}${ending}`,
      bytes: part.bytes,
    };
  }

  private async find(id: string): Promise<ExportRow> {
    const row = await this.exports.find(id);
    if (!row) throw notFound('export', id);
    if (row.deletedAt) throw deleted('export', id);
    return row;
  }
}
