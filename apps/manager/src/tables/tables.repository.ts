import {
  type Column,
  type ErrorPayload,
  type FileFormat,
  type ImportOptions,
  type PartialRows,
  type Plan,
  type StageCounts,
  type Table,
  type TableMetadata,
  type TableReference,
  type TableState,
  addCounts,
  inputsOf,
  newId,
  noCounts,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { cleanText, fromJsonOrNull, toJson, toJsonOrNull } from '../database/json.js';
import { Prisma, type DataTable } from '../generated/prisma/client.js';
import { type ProductFacts } from '../owners/product.js';
import { type LevelKind } from '../reduce/levels.js';
import { type StageRow, snapshotOf, stageFacts, stageOfProduct } from '../stages/stages.repository.js';

/** A table without its metadata, which can be large: what deciding and displaying runs needs. */
export type TableRow = Omit<DataTable, 'metadata'> & { stage: StageRow | null };

/** A table with what is shown of it, and not what its stage was made from. */
export type ShownTable = DataTable & { stage: ShownStage | null };
type ShownStage = Pick<StageRow, 'kind' | 'snapshot'>;

/** What an import is made from. */
export interface ImportSource {
  upload: string;
  format?: FileFormat | undefined;
  options?: ImportOptions | undefined;
}

/** What a table has of the version before as it stands there. */
export interface Kept {
  /** It is the version before, rows and all. */
  unchanged: boolean;
  /** Of these rows; they count for no tokens, cost or calls. */
  counts: StageCounts;
}

export const keptOf = (row: Pick<DataTable, 'kept'>): Kept | null => fromJsonOrNull<Kept>(row.kept);

/** Rows of a table by outcome: those of its stage, as far as they are committed, and those that were kept. */
export const countsOf = (row: Pick<ShownTable, 'stage' | 'kept'>): StageCounts =>
  addCounts(snapshotOf(row.stage)?.counts ?? noCounts(), keptOf(row)?.counts ?? noCounts());

const failuresOf = (row: ShownTable): Table['failures'] => {
  const { failed, errors } = countsOf(row);
  return { failed, errors };
};

export const tableFacts = (row: TableRow): ProductFacts => {
  const { ok, failed } = countsOf(row);
  return {
    id: row.id,
    state: row.state as TableState,
    stage: row.stage && stageFacts(row.stage),
    error: fromJsonOrNull<ErrorPayload>(row.error),
    okRows: ok,
    failedRows: failed,
  };
};

/** How to read the table as it stays; null while it is being written, and where there is nothing. */
export const referenceOf = (row: Pick<TableRow, 'reference'>): TableReference | null => fromJsonOrNull<TableReference>(row.reference);
export const columnsOf = (row: Pick<TableRow, 'columns'>): Column[] => fromJsonOrNull<Column[]>(row.columns) ?? [];

/**
 * What there is of a table that is not complete: the rows of a map are there shard by shard, those of other work all at once. Where
 * it was not written down when the table ended, it is what was heard of last.
 */
export const partialOf = (row: Pick<ShownTable, 'state' | 'reference' | 'stage' | 'kept'>): PartialRows | null => {
  const { state, stage } = row;
  if (state === 'waiting' || state === 'ready') return null;
  const map = stage?.kind === 'map' ? snapshotOf(stage) : null;
  const before = keptOf(row)?.counts ?? noCounts();
  const keptRows = before.ok + before.failed;
  const rows = referenceOf(row)?.rows ?? (map && map.counts.ok + map.counts.failed + keptRows);
  return rows === null ? null : { rows, of: map ? map.subtasks + keptRows : rows };
};

/** Which table of a level it is. */
export interface LevelPlace {
  level: number;
  kind: LevelKind;
}

/** Null of a table that is none of a level. */
export const levelOf = ({ level, levelKind }: Pick<DataTable, 'level' | 'levelKind'>): LevelPlace | null =>
  level === null ? null : { level, kind: levelKind as LevelKind };

/** The order in which the tables of levels are made. */
export const byLevel = (a: Pick<DataTable, 'level' | 'levelKind'>, b: Pick<DataTable, 'level' | 'levelKind'>): number =>
  (a.level ?? 0) - (b.level ?? 0) || LEVEL_KINDS.indexOf(a.levelKind as LevelKind) - LEVEL_KINDS.indexOf(b.levelKind as LevelKind);
const LEVEL_KINDS: readonly LevelKind[] = ['bundles', 'found', 'answers'];

export const tableView = (row: ShownTable): Table => ({
  id: row.id,
  name: row.name,
  state: row.state as TableState,
  version: row.version,
  rows: row.rows === null ? null : Number(row.rows),
  partial: partialOf(row),
  metadata: fromJsonOrNull<TableMetadata>(row.metadata),
  lineage: { runId: row.runId, stepId: row.stepId ?? row.replacedOf, inputs: row.inputs, previous: row.previousId, files: row.files },
  failures: failuresOf(row),
  rejectedTableId: row.rejectedTableId,
  error: fromJsonOrNull<ErrorPayload>(row.error),
  createdAt: row.createdAt.toISOString(),
});

const shown = { stage: { select: { kind: true, snapshot: true } } } as const satisfies Prisma.DataTableInclude;

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

  async createOfStep(
    queries: Queries,
    table: { id: string; runId: string; stepId: string; inputs: string[]; previousId: string | null; earlier: string[] },
  ): Promise<void> {
    await queries.dataTable.create({ data: { ...table, name: table.stepId, state: 'waiting', files: [] } });
  }

  /** The table of what is found for a step's rows in others: one for a step, whoever creates it. */
  async createMatch(queries: Queries, match: { id: string; runId: string; stepId: string; earlier: string[] }): Promise<void> {
    const { id, runId, stepId, earlier } = match;
    const name = `${stepId.slice(0, 63 - REUSED.length)}${REUSED}`;
    const data = { id, runId, matchOf: stepId, earlier, name, state: 'waiting', inputs: [], files: [], stages: [] };
    await queries.dataTable.createMany({ data: [data], skipDuplicates: true });
  }

  /** A table of a level of a step: one of its kind, whoever creates it. `inputs`: what it is made from; `earlier`: where it is looked for. */
  async createLevel(
    queries: Queries,
    table: { id: string; runId: string; stepId: string; inputs: string[]; earlier: string[] } & LevelPlace,
  ): Promise<void> {
    const { id, runId, stepId, inputs, earlier, level, kind } = table;
    const ending = `_${level}_${kind}`;
    const name = `${stepId.slice(0, 63 - ending.length)}${ending}`;
    const place = { levelOf: stepId, level, levelKind: kind };
    const data = { id, runId, name, inputs, ...place, state: 'waiting', earlier, files: [], stages: [] };
    await queries.dataTable.createMany({ data: [data], skipDuplicates: true });
  }

  /** The tables of what is run for a quote: one for a step and a version of the plan, whoever creates it. `ids`: of what is there. */
  async createSamples(
    { runId, version, plan, ids }: { runId: string; version: number; plan: Plan; ids: ReadonlyMap<string, string> },
    samples: { step: string }[],
  ): Promise<void> {
    const known = new Map([...ids, ...samples.map(({ step }) => [step, newId('table')] as const)]);
    const data = samples.map(({ step }) => {
      const read = plan.steps.filter(({ id }) => id === step).flatMap(inputsOf);
      const name = `${step.slice(0, 63 - SAMPLE.length)}${SAMPLE}`;
      const inputs = read.flatMap((one) => known.get(one) ?? []);
      return {
        id: known.get(step) ?? '',
        runId,
        sampleOf: step,
        sampleVersion: version,
        name,
        state: 'waiting',
        inputs,
        files: [],
        stages: [],
      };
    });
    await this.database.dataTable.createMany({ data, skipDuplicates: true });
  }

  /**
   * Tables of maps whose rows are all of one template and model, and that can be read: of `ids` and of these runs, in that order, or
   * of all runs, the newest first and not more than a few.
   */
  async withTemplate(templateKey: string, ids: string[], runs: string[] | 'any'): Promise<DataTable[]> {
    const usable = { templateKey, deletedAt: null, reference: { not: Prisma.DbNull } } satisfies Prisma.DataTableWhereInput;
    const [own, others] = await this.database.$transaction([
      this.database.dataTable.findMany({ where: { ...usable, id: { in: ids } } }),
      this.database.dataTable.findMany({
        where: { ...usable, id: { notIn: ids }, ...(runs === 'any' ? {} : { runId: { in: runs } }) },
        orderBy: { id: 'desc' },
        take: MOST_SOURCES,
      }),
    ]);
    const place = ({ runId }: DataTable): number => (runs === 'any' ? 0 : runs.indexOf(runId ?? ''));
    return [...own.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)), ...others.sort((a, b) => place(a) - place(b))].slice(
      0,
      MOST_SOURCES,
    );
  }

  /**
   * Answers of all levels, by one template and model, in the runs that made these versions of a step's table: the latest ones first. Of
   * run `by`, which asks, those that an amendment has replaced.
   */
  async answersInLevels(stepId: string, templateKey: string, versions: string[], by: string): Promise<DataTable[]> {
    const made = await this.database.dataTable.findMany({ where: { id: { in: versions } }, select: { runId: true } });
    const runIds = made.flatMap(({ runId }) => runId ?? []);
    return this.database.dataTable.findMany({
      where: {
        runId: { in: runIds },
        OR: [{ levelOf: stepId, runId: { not: by } }, { replacedOf: stepId }],
        levelKind: 'answers',
        templateKey,
        deletedAt: null,
        reference: { not: Prisma.DbNull },
      },
      orderBy: { id: 'desc' },
      take: MOST_SOURCES,
    });
  }

  async find(id: string): Promise<ShownTable | null> {
    return this.database.dataTable.findUnique({ where: { id }, include: shown });
  }

  async findRow(id: string): Promise<TableRow | null> {
    return this.database.dataTable.findUnique({ where: { id }, include: { stage: stageOfProduct }, omit: { metadata: true } });
  }

  async findMany(ids: string[]): Promise<DataTable[]> {
    return this.database.dataTable.findMany({ where: { id: { in: ids } } });
  }

  /** The version that a table is, or is to be: one above that of the table before it. */
  async versionOf({ previousId }: Pick<TableRow, 'previousId'>): Promise<number> {
    const before =
      previousId === null ? null : await this.database.dataTable.findUnique({ where: { id: previousId }, select: { version: true } });
    return (before?.version ?? 0) + 1;
  }

  /** Newest first. */
  async list(limit: number, after?: string): Promise<ShownTable[]> {
    return this.database.dataTable.findMany({
      where: {
        deletedAt: null,
        matchOf: null,
        sampleOf: null,
        OR: [{ levelKind: null }, { levelKind: { not: 'found' } }],
        ...(after === undefined ? {} : { id: { lt: after } }),
      },
      include: shown,
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
  async begin(
    queries: Queries,
    id: string,
    stageId: string,
    { kept, templateKey }: { kept: Kept | null; templateKey: string | null },
  ): Promise<boolean> {
    const { count } = await queries.dataTable.updateMany({
      where: { id, state: 'waiting', stageId: null },
      data: { stageId, state: 'writing', startedAt: new Date(), kept: toJsonOrNull(kept), templateKey },
    });
    return count === 1;
  }

  /** A waiting table is there, without a stage: all of it is kept from the version before. False if it has a stage, or waits no more. */
  async adopt(
    queries: Queries,
    id: string,
    made: MadeTable,
    { kept, templateKey }: { kept: Kept; templateKey: string | null },
  ): Promise<boolean> {
    const now = new Date();
    const { count } = await queries.dataTable.updateMany({
      where: { id, state: 'waiting', stageId: null },
      data: { ...ready(made), kept: toJson(kept), templateKey, startedAt: now, finishedAt: now },
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

  /** A table will never be complete. `kept`: what there is of it. */
  async settle(
    queries: Queries,
    id: string,
    state: 'failed' | 'cancelled',
    error: ErrorPayload | null,
    kept: Omit<MadeTable, 'metadata'> | null,
  ): Promise<boolean> {
    const { count } = await queries.dataTable.updateMany({
      where: { id, state: { in: ['waiting', 'writing'] } },
      data: { state, error: toJsonOrNull(error), finishedAt: new Date(), ...(kept ? readAs(kept) : {}) },
    });
    return count === 1;
  }
}

const REJECTED = '_rejected';
const REUSED = '_reused';
const SAMPLE = '_sample';
/** Tables in which results are looked for at a time: each is read as a whole. */
const MOST_SOURCES = 10;

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

const readAs = ({ reference, columns, bytes, stages }: Omit<MadeTable, 'metadata'>) =>
  ({
    version: reference.version,
    reference: toJson(reference),
    columns: toJson(columns),
    bytes: BigInt(bytes),
    stages,
  }) satisfies Prisma.DataTableUpdateManyMutationInput;

const ready = ({ metadata, ...made }: MadeTable) =>
  ({
    state: 'ready',
    ...readAs(made),
    rows: BigInt(made.reference.rows),
    metadata: toJson(metadata),
  }) satisfies Prisma.DataTableUpdateManyMutationInput;
