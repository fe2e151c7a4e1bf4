import { ageMs, type KeptBecause, type PruneReport, type PruneRequest, RefusedError, REPORTED_TABLES } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { there } from '../tables/tables.service.js';
import { TablesRepository } from '../tables/tables.repository.js';
import { type CandidateRow, type GoingExport, MarksRepository, type Scope } from './marks.repository.js';
import { RemovalService } from './removal.service.js';
import { type Verdict, judge } from './verdicts.js';

/** How long who asked waits for data to be removed, in milliseconds. The rest is removed behind his back. */
const PATIENCE_MS = 20_000;
/** A catalogue of a hundred thousand tables is looked through in seconds. */
const TRANSACTION_MS = { maxWait: 10_000, timeout: 120_000 };

type Stays = Extract<Verdict, { verdict: 'stays' }>;

/** What goes, of what was looked at. */
export interface Marked {
  tables: CandidateRow[];
  kept: (CandidateRow & Stays)[];
  exports: GoingExport[];
  runs: string[];
}

/** Deletes tables, and with them their exports and the runs that are left without one. */
@Injectable()
export class PruneService {
  constructor(
    private readonly database: Database,
    private readonly marks: MarksRepository,
    private readonly tables: TablesRepository,
    private readonly removal: RemovalService,
  ) {}

  /** Everything that goes is deleted in one transaction; what it was made of is removed after that, however often the manager dies. */
  async prune({ olderThan, dryRun }: PruneRequest): Promise<PruneReport> {
    const olderThanMs = ageMs(olderThan);
    const marked = await this.database.$transaction(async (queries) => {
      const found = await this.mark(queries, { olderThanMs }, { dryRun });
      const runs = await this.marks.oldRuns(
        queries,
        olderThanMs,
        found.tables.map(({ id }) => id),
        null,
      );
      if (!dryRun) await this.marks.markRuns(queries, runs);
      return { ...found, runs };
    }, TRANSACTION_MS);
    return report(marked, dryRun, dryRun ? 0 : await this.removal.within(PATIENCE_MS));
  }

  /** RefusedError `in_use` if something needs the table, `deleted` or `not_found` if it is not there. */
  async delete(id: string): Promise<PruneReport> {
    there(await this.tables.findRow(id), id);
    const marked = await this.database.$transaction(async (queries) => {
      const found = await this.mark(queries, { id }, { dryRun: false });
      const [kept] = found.kept;
      if (kept) throw inUse(id, kept);
      return { ...found, runs: [] };
    }, TRANSACTION_MS);
    // Another has deleted it in between.
    if (marked.tables.length === 0) there(await this.tables.findRow(id), id);
    return report(marked, false, await this.removal.within(PATIENCE_MS));
  }

  /** Marks tables as deleted that may go, with their exports; a dry run only says which. */
  async mark(queries: Queries, scope: Scope, { dryRun }: { dryRun: boolean }): Promise<Omit<Marked, 'runs'>> {
    const found = await this.marks.candidates(queries, scope);
    const locked = new Set(
      dryRun
        ? []
        : await this.marks.lock(
            queries,
            found.map(({ id }) => id),
          ),
    );
    // Looked at again under the locks: nobody can begin to use them from here on, and whoever did before is seen.
    const rows = dryRun ? found : await this.marks.candidates(queries, scope);
    const verdicts = judge(rows.map((row) => ({ ...row, busy: !dryRun && !locked.has(row.id) })));
    const tables = rows.filter(({ id }) => verdicts.get(id)?.verdict === 'goes');
    const kept = rows.flatMap((row) => {
      const verdict = verdicts.get(row.id);
      return verdict?.verdict === 'stays' ? [{ ...row, ...verdict }] : [];
    });
    const going = tables.map(({ id }) => id);
    const exports = await this.marks.exportsOf(queries, going);
    if (!dryRun) {
      await this.marks.markTables(queries, going);
      await this.marks.markExports(
        queries,
        exports.map(({ id }) => id),
      );
    }
    return { tables, kept, exports };
  }
}

const report = ({ tables, kept, exports, runs }: Marked, dryRun: boolean, removing: number): PruneReport => ({
  dryRun,
  counts: { tables: tables.length, exports: exports.length, runs: runs.length },
  bytes: Number(tables.reduce((sum, { bytes }) => sum + (bytes ?? 0n), 0n) + exports.reduce((sum, { bytes }) => sum + bytes, 0n)),
  tables: tables.slice(0, REPORTED_TABLES).map(({ id, name, rows, bytes, createdAt }) => ({
    id,
    name,
    rows: rows === null ? null : Number(rows),
    bytes: Number(bytes ?? 0n),
    createdAt: createdAt.toISOString(),
  })),
  kept: kept.slice(0, REPORTED_TABLES).map(({ id, name, because, by }) => ({ id, name, because, by })),
  removing,
});

const reasons: Record<KeptBecause, string> = {
  unfinished: 'it is being made',
  read_by_run: 'a run reads it that has not ended',
  exported: 'it is being exported',
  made_into: 'another table is made from it',
  busy: 'something is about to read it',
};

const inUse = (id: string, { because, by }: Stays): RefusedError =>
  new RefusedError('in_use', `Table ${id} cannot be deleted: ${reasons[because]}${by === null ? '' : ` (${by})`}.`, {
    field: 'id',
    value: by ?? because,
    allowed: 'a table that no unfinished run, export or other table needs',
  });
