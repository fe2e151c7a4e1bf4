import {
  type Page,
  RefusedError,
  type Table,
  type TableHead,
  type TableList,
  type TableReference,
  newId,
  type ImportRequest,
  workerPoolOperations,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { notFound } from '../http/not-found.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { QuestionsService } from '../questions/questions.service.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { UploadsRepository } from '../uploads/uploads.repository.js';
import { TablesRepository, referenceOf, tableView } from './tables.repository.js';

/** JSON of a reply to `head`: it must fit a NATS message. */
const HEAD_BYTES = 512 * 1024;

@Injectable()
export class TablesService {
  constructor(
    private readonly database: Database,
    private readonly tables: TablesRepository,
    private readonly uploads: UploadsRepository,
    private readonly owners: OwnersRepository,
    private readonly questions: QuestionsService,
    private readonly reconciler: Reconciler,
  ) {}

  /** Begins an import; the table is `ready` later. */
  async import({ name, ...source }: ImportRequest): Promise<Table> {
    const files = await filesOf(this.uploads, source.upload, 'upload');
    const id = newId('table');
    await this.database.$transaction(async (queries) => {
      await queries.upload.updateMany({ where: { id: source.upload, usedAt: null }, data: { usedAt: new Date() } });
      await this.owners.create(queries, { id, kind: 'table' });
      await this.tables.createImport(queries, { id, name, runId: null, source, files });
    });
    this.reconciler.wake(id);
    return this.show(id);
  }

  async list({ limit, after }: Page): Promise<TableList> {
    const rows = await this.tables.list(limit + 1, after);
    const tables = rows.slice(0, limit).map(tableView);
    return { tables, next: rows.length > limit ? (tables.at(-1)?.id ?? null) : null };
  }

  async show(id: string): Promise<Table> {
    const row = await this.tables.find(id);
    if (!row) throw notFound('table', id);
    return tableView(row);
  }

  async head(id: string, rows: number): Promise<TableHead> {
    const request = { table: await this.readable(id), first: 0, count: rows, maxBytes: HEAD_BYTES };
    return this.questions.ask(workerPoolOperations.readRows, request);
  }

  /** How to read a table; refused while it cannot be read. */
  async readable(id: string): Promise<TableReference> {
    const row = await this.tables.findRow(id);
    if (!row) throw notFound('table', id);
    const reference = referenceOf(row);
    if (reference) return reference;
    throw new RefusedError('wrong_state', `Table ${id} cannot be read: it is ${row.state}.`, {
      field: 'id',
      value: row.state,
      allowed: 'ready',
    });
  }
}

/** Names of an upload's files; refused if there is nothing to import. */
export const filesOf = async (uploads: UploadsRepository, id: string, field: string): Promise<string[]> => {
  const upload = await uploads.find(id);
  if (!upload) throw new RefusedError('unknown_upload', `There is no upload ${id}.`, { field, value: id, allowed: 'the id of an upload' });
  if (upload.files.length > 0) return upload.files.map(({ name }) => name);
  throw new RefusedError('empty_upload', `Upload ${id} holds no file.`, { field, value: id, allowed: 'an upload with one file or more' });
};
