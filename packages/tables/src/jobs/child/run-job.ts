import { type JobRequest } from '../protocol.js';

/** Does one job. What it needs is loaded by its kind: an import needs no DuckDB, unless of Parquet. */
export const runJob = async ({ settings, work }: JobRequest): Promise<unknown> => {
  switch (work.kind) {
    case 'import':
      return (await import('../../imports/import-files.js')).importFiles(settings, work);
    case 'sql':
      return (await import('./run-sql.js')).runSql(settings, work);
    case 'query':
      return (await import('./query-tables.js')).queryTables(settings, work);
    case 'check':
      return (await import('./check-sql.js')).checkSql(settings, work);
    case 'export':
      return (await import('./export-table.js')).exportTable(settings, work);
    case 'match':
      return (await import('./match-rows.js')).matchRows(settings, work);
    case 'split':
      return (await import('./split-rows.js')).splitRows(settings, work);
    case 'bundle':
      return (await import('./bundle-rows.js')).bundleRows(settings, work);
    case 'gather':
      return (await import('./gather-groups.js')).gatherGroups(settings, work);
    case 'describe':
      return (await import('./describe-table.js')).describeTable(settings, work);
  }
};
