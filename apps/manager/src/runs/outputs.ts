import { type Export, type ExportFormat, type Plan, type RunRequest } from '@apwa/contracts';
import { type TableRow, countsOf } from '../tables/tables.repository.js';

export interface PlannedExport {
  step: string;
  format: ExportFormat;
  rows: Export['rows'];
  bookkeeping: boolean;
}

/**
 * The files of a run, each once: a request without a step means every output of the plan. Where rows of a step failed, they get
 * a file of their own, with the columns that say why.
 */
export const plannedExports = (plan: Plan, { outputs }: RunRequest, tables: Map<string, TableRow>): PlannedExport[] => {
  const wanted = new Map(
    outputs
      .flatMap(({ step, format }) => (step ? [step] : plan.outputs).map((id) => ({ step: id, format })))
      .map((item) => [`${item.step} ${item.format}`, item]),
  );
  return [...wanted.values()].flatMap((item): PlannedExport[] => {
    const table = tables.get(item.step);
    // Of a step that was cancelled there is no result.
    if (table?.state === 'cancelled') return [];
    const failed = table ? countsOf(table).failed : 0;
    const ok: PlannedExport = { ...item, rows: 'ok', bookkeeping: false };
    return failed > 0 ? [ok, { ...item, rows: 'failed', bookkeeping: true }] : [ok];
  });
};
