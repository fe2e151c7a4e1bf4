import {
  type Page,
  RefusedError,
  type Table,
  type TableHead,
  type TableList,
  newId,
  type ImportRequest,
  workerPoolOperations,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { deleted, notFound } from '../http/not-found.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { QuestionsService } from '../questions/questions.service.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { unknownUpload } from '../uploads/unknown-upload.js';
import { UploadsRepository } from '../uploads/uploads.repository.js';
import { PartialTables } from '../production/partial-tables.js';
import { type TableRow, TablesRepository, partialOf, referenceOf, tableView } from './tables.repository.js';

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
    private readonly partials: PartialTables,
  ) {}

  /** Begins an import; the table is `ready` later. */
  async import({ name, ...source }: ImportRequest): Promise<Table> {
    const files = await filesOf(this.uploads, source.upload, 'upload');
    const id = newId('table');
    await this.database.$transaction(async (queries) => {
      if (!(await this.uploads.use(queries, source.upload))) throw unknownUpload(source.upload, 'upload');
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
    return tableView(there(row, id));
  }

  /** The first rows that there are: of a table that is not complete, of what is committed. */
  async head(id: string, rows: number): Promise<TableHead> {
    const row = there(await this.tables.findRow(id), id);
    const partial = partialOf(row);
    const table = referenceOf(row) ?? (partial && (await this.partials.soFar(row, { rows }))?.reference);
    if (!table) throw unreadable(row, 'read');
    const request = { table, first: 0, count: rows, maxBytes: HEAD_BYTES };
    try {
      const head = await this.questions.ask(workerPoolOperations.readRows, request);
      // What is read now may be more than what was heard of last.
      return { ...head, partial: partial && { ...partial, rows: Math.max(partial.rows, table.rows) } };
    } catch (thrown) {
      // What was deleted while it was read is told as that.
      there(await this.tables.findRow(id), id);
      throw thrown;
    }
  }
}

/** There is nothing of a table that could be read, or written as a file. */
export const unreadable = ({ id, state }: TableRow, done: 'read' | 'exported'): RefusedError =>
  new RefusedError('wrong_state', `Table ${id} cannot be ${done}: it is ${state}.`, {
    field: 'id',
    value: state,
    allowed: 'a table that is ready, or one of a map that has begun',
  });

/** A table that was found and is not deleted; RefusedError `not_found` or `deleted` if it is not so. */
export const there = <T extends Pick<TableRow, 'deletedAt'>>(row: T | null, id: string): T => {
  if (!row) throw notFound('table', id);
  if (row.deletedAt) throw deleted('table', id);
  return row;
};

/** Names of an upload's files; refused if there is nothing to import. */
export const filesOf = async (uploads: UploadsRepository, id: string, field: string): Promise<string[]> => {
  const upload = await uploads.find(id);
  if (!upload) throw unknownUpload(id, field);
  if (upload.files.length > 0) return upload.files.map(({ name }) => name);
  throw new RefusedError('empty_upload', `Upload ${id} holds no file.`, { field, value: id, allowed: 'an upload with one file or more' });
};
