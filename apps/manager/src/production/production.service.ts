import { ApwaError, type ErrorPayload, InternalError, type StageWork, TableId, newId, workerPoolOperations } from '@apwa/contracts';
import { type Storage, writeManifest } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { fromJsonOrNull } from '../database/json.js';
import { type ExportRow, ExportsRepository } from '../exports/exports.repository.js';
import { type ProductAction } from '../owners/product.js';
import { QuestionsService } from '../questions/questions.service.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { STORAGE } from '../settings.js';
import { StagesRepository, type Submission } from '../stages/stages.repository.js';
import { StagesService } from '../stages/stages.service.js';
import { type ImportSource, type MadeTable, type TableRow, TablesRepository, columnsOf, referenceOf } from '../tables/tables.repository.js';
import { UploadsRepository } from '../uploads/uploads.repository.js';
import {
  type Assembled,
  REJECTED_COLUMNS,
  assembleGroups,
  assembleMap,
  assembleMapSoFar,
  assembleMatch,
  assembleSingle,
  bytesOf,
  stagesOf,
} from './assembly.js';
import { keptParts } from './kept-parts.js';
import { PartialTables } from './partial-tables.js';
import { type Ordered, type StepOrder } from './step-order.js';
import { StepOrdersService } from './step-orders.service.js';
import { checkSize } from './work.js';

/** Of a table that no agent looks at. */
const NOT_DESCRIBED: MadeTable['metadata'] = { rows: 0, bytes: 0, columns: [], sample: [], leftOut: [] };

const STORAGE_AWAY = new Set(['storage_unavailable', 'storage_full']);

type SoFar = Omit<MadeTable, 'metadata'> | null;

/** Makes tables and exports: carries out what `nextForProduct` decides. Everything may be done twice, and by two managers at once. */
@Injectable()
export class ProductionService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunsRepository,
    private readonly tables: TablesRepository,
    private readonly exports: ExportsRepository,
    private readonly uploads: UploadsRepository,
    private readonly stages: StagesRepository,
    private readonly executor: StagesService,
    private readonly partials: PartialTables,
    private readonly steps: StepOrdersService,
    private readonly questions: QuestionsService,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  async perform(ownerId: string, action: ProductAction, signal: AbortSignal): Promise<void> {
    switch (action.do) {
      case 'start':
        return this.start(ownerId, action.productId);
      case 'submit':
        return this.executor.submit(action.stageId, signal);
      case 'complete':
        return isTable(action.productId) ? this.completeTable(action.productId, signal) : this.completeExport(action.productId, signal);
      case 'settle':
        return this.settle(action.productId, action.as, action.error, await this.kept(action.productId, signal));
    }
  }

  /** Ends a product that cannot be made, whatever is tried. */
  async giveUp(id: string, error: ErrorPayload): Promise<void> {
    await this.settle(id, 'failed', error, await this.kept(id).catch(() => null));
  }

  /** What there is of a table that will not be complete. Where it cannot be written down now, the executor is asked when it is read. */
  private async kept(id: string, signal?: AbortSignal): Promise<SoFar> {
    const table = isTable(id) ? await this.tables.findRow(id) : null;
    if (!table) return null;
    try {
      return await this.partials.soFar(table, signal ? { signal } : {});
    } catch (thrown) {
      // Nobody's cancel waits for room on a disk.
      if (STORAGE_AWAY.has(ApwaError.from(thrown).code)) return null;
      throw thrown;
    }
  }

  private async settle(id: string, as: 'failed' | 'cancelled', error: ErrorPayload | null, kept: SoFar): Promise<void> {
    const product = await this.find(id);
    await this.database.$transaction(async (queries) => {
      const settled = isTable(id)
        ? await this.tables.settle(queries, id, as, error, kept)
        : await this.exports.settle(queries, id, as, error);
      if (settled) await this.runs.touch(queries, product.runId);
    });
  }

  /** The stage and that it belongs to the product are written down together; a second time nothing is written. */
  private async start(ownerId: string, id: string): Promise<void> {
    const product = await this.find(id);
    const order = await this.order(product);
    switch (order.order) {
      case 'adopt':
        return this.adopt(product, order);
      case 'match':
        return this.lookFor(product, order);
      case 'level':
        return this.beginLevel(product, order);
      case 'stage':
        return this.begin(ownerId, product, order.ordered);
    }
  }

  private async begin(ownerId: string, { id, runId }: TableRow | ExportRow, ordered: Ordered): Promise<void> {
    const { kept, templateKey, ...terms } = ordered;
    const submission: Submission = { stageId: newId('stage'), ownerId, weight: 1, followed: false, ...terms, work: checkSize(terms.work) };
    await this.database.$transaction(async (queries) => {
      await this.stages.create(queries, submission);
      const begun = isTable(id)
        ? await this.tables.begin(queries, id, submission.stageId, { kept: kept ?? null, templateKey: templateKey ?? null })
        : await this.exports.begin(queries, id, submission.stageId);
      if (begun) await this.runs.touch(queries, runId);
      else await queries.stage.delete({ where: { id: submission.stageId } });
    });
  }

  /** Nothing of a table is to be done: it is the version before, in the catalogue from now on under its own id. */
  private async adopt({ id, runId }: TableRow | ExportRow, { made, ...version }: Extract<StepOrder, { order: 'adopt' }>): Promise<void> {
    await this.database.$transaction(async (queries) => {
      if (await this.tables.adopt(queries, id, made, version)) await this.runs.touch(queries, runId);
    });
  }

  /** Results of a step's rows are looked for before it begins. Those who are to be read are there, and stay until that is done. */
  private async lookFor({ runId }: TableRow | ExportRow, { stepId, sources }: Extract<StepOrder, { order: 'match' }>): Promise<void> {
    if (runId === null) return;
    await this.database.$transaction(async (queries) => {
      const earlier = await this.held(queries, sources);
      if (earlier.length > 0) await this.tables.createMatch(queries, { id: newId('table'), runId, stepId, earlier });
      await this.runs.touch(queries, runId);
    });
  }

  /** The next table of a step that is made in levels. */
  private async beginLevel({ runId }: TableRow | ExportRow, { order: _, ...level }: Extract<StepOrder, { order: 'level' }>): Promise<void> {
    if (runId === null) return;
    await this.database.$transaction(async (queries) => {
      const earlier = await this.held(queries, level.earlier);
      // Without them nothing is looked for.
      if (level.kind !== 'found' || earlier.length > 0)
        await this.tables.createLevel(queries, { id: newId('table'), runId, ...level, earlier });
      await this.runs.touch(queries, runId);
    });
  }

  /** Those of the tables that are there, which stay until what is written down in the transaction has read them. */
  private async held(queries: Queries, ids: string[]): Promise<string[]> {
    const gone = new Set(await this.tables.hold(queries, ids));
    return ids.filter((id) => !gone.has(id));
  }

  private async order(product: TableRow | ExportRow): Promise<StepOrder> {
    if ('tableId' in product) return { order: 'stage', ordered: { work: await this.exportWork(product), resources: {} } };
    const source = fromJsonOrNull<ImportSource>(product.source);
    if (source) return { order: 'stage', ordered: { work: await this.importWork(source), resources: {} } };
    return this.steps.of(product);
  }

  private async importWork({ upload, format, options }: ImportSource): Promise<StageWork> {
    const files = await this.uploads.files(upload);
    return {
      kind: 'import',
      files: files.map(({ key, name, bytes }) => ({ key, name, bytes })),
      ...(format ? { format } : {}),
      options: options ?? { skipBadRows: false },
    };
  }

  private async exportWork({ tableId, format, rows, bookkeeping }: ExportRow): Promise<StageWork> {
    const table = await this.tables.findRow(tableId);
    const input = table && (referenceOf(table) ?? (await this.partials.soFar(table))?.reference);
    if (!input) throw new InternalError('input_not_ready', `Table ${tableId} is not there to be exported.`);
    return { kind: 'export', input, format, rows, bookkeeping } as StageWork;
  }

  private async completeTable(id: string, signal: AbortSignal): Promise<void> {
    const table = await this.tables.findRow(id);
    if (!table?.stageId || table.state !== 'writing') return;
    const { work } = await this.stages.submission(table.stageId);
    const place = { tableId: id, version: await this.tables.versionOf(table) };
    if (work.kind === 'map') {
      const shards = await this.executor.committed(table.stageId, { signal });
      const base = await this.partials.baseOf(work, signal);
      if (!base) throw new InternalError('no_base', `Table ${work.input.tableId}, which ${id} is made from, is not there.`);
      if (table.sampleOf !== null)
        return this.publish(table, await this.written(assembleMapSoFar(place, work, base, shards), NOT_DESCRIBED), null);
      const kept = await keptParts(this.storage, work);
      const made = await this.write(assembleMap(place, work, base, shards, kept), signal);
      return this.publish(table, made, null);
    }
    const { content } = await this.executor.single(table.stageId, signal);
    if (work.kind === 'match') {
      const base = await this.tables.findRow(work.input.tableId);
      const { manifest, columns } = assembleMatch(place, work, base ? columnsOf(base) : [], content.part);
      return this.publish(table, await this.written({ manifest, columns }, NOT_DESCRIBED), null);
    }
    if (work.kind === 'bundle' || work.kind === 'gather')
      return this.publish(table, await this.write(assembleGroups(place, work.input, content), signal), null);
    const made = await this.write(assembleSingle(place, content.part, content.columns), signal);
    if (!content.rejected) return this.publish(table, made, null);
    const rejectedId = await this.tables.reserveRejected(id, newId('table'));
    const rejected = await this.write(assembleSingle({ tableId: rejectedId, version: 1 }, content.rejected, REJECTED_COLUMNS), signal);
    return this.publish(table, made, { id: rejectedId, made: rejected });
  }

  /** Writes a manifest and has the table described. The same again gives the same. */
  private async write(assembled: Assembled, signal: AbortSignal): Promise<MadeTable> {
    const made = await this.written(assembled, NOT_DESCRIBED);
    const { metadata } = await this.questions.ask(workerPoolOperations.describeTable, { table: made.reference }, { signal });
    return { ...made, metadata };
  }

  private async written({ manifest, columns }: Assembled, metadata: MadeTable['metadata']): Promise<MadeTable> {
    const reference = await writeManifest(this.storage, manifest);
    return { reference, columns, bytes: bytesOf(manifest), stages: stagesOf(manifest), metadata };
  }

  private async publish(table: TableRow, made: MadeTable, rejected: { id: string; made: MadeTable } | null): Promise<void> {
    await this.database.$transaction(async (queries: Queries) => {
      if (rejected) await this.tables.createRejected(queries, rejected.id, table, rejected.made);
      if (await this.tables.complete(queries, table.id, made)) await this.runs.touch(queries, table.runId);
    });
  }

  private async completeExport(id: string, signal: AbortSignal): Promise<void> {
    const row = await this.exports.find(id);
    if (!row?.stageId || row.state !== 'writing') return;
    const { content } = await this.executor.single(row.stageId, signal);
    await this.database.$transaction(async (queries) => {
      if (await this.exports.complete(queries, id, content.part)) await this.runs.touch(queries, row.runId);
    });
  }

  private async find(id: string): Promise<TableRow | ExportRow> {
    const product = isTable(id) ? await this.tables.findRow(id) : await this.exports.find(id);
    if (!product) throw new InternalError('no_product', `${id} is not there.`);
    return product;
  }
}

const isTable = (id: string): boolean => TableId.safeParse(id).success;
