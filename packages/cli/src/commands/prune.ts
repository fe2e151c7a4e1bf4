import { RefusedError, REPORTED_TABLES, type KeptBecause, type PruneReport } from '@apwa/contracts';
import { counted, size } from '../display/bytes.js';
import { number } from '../display/format.js';
import { EXIT, type ExitCode } from '../exit.js';
import { readAge } from '../inputs/age.js';
import { columns, print, quietDisplay } from '../output.js';
import { isYes } from '../question.js';
import { withSession } from '../session.js';
import type { JsonOption } from './runs.js';

export interface PruneOptions extends JsonOption {
  olderThan?: string;
  dryRun?: boolean;
  yes?: boolean;
}

const reasons: Record<KeptBecause, string> = {
  unfinished: 'they are being made',
  read_by_run: 'runs read them that have not ended',
  exported: 'they are being exported',
  made_into: 'tables that stay are made from them',
  busy: 'something is about to read them',
};

/** What goes or would go, for a person. */
export const reportOf = ({ tables, counts, bytes, kept, dryRun, removing }: PruneReport): string => {
  const rows = tables.map((table) => [
    table.id,
    table.name,
    table.rows === null ? '' : number(table.rows),
    size(table.bytes),
    table.createdAt,
  ]);
  const lines = rows.length > 0 ? [columns([['TABLE', 'NAME', 'ROWS', 'SIZE', 'CREATED'], ...rows])] : [];
  if (counts.tables > REPORTED_TABLES) lines.push(`… and ${counted(counts.tables - REPORTED_TABLES, 'more table')}`);
  const what = `${counted(counts.tables, 'table')}, ${counted(counts.exports, 'export')} and ${counted(counts.runs, 'run')}`;
  lines.push(`${what} ${dryRun ? 'would go' : 'are deleted'}: ${size(bytes)}.`);
  for (const because of Object.keys(reasons) as KeptBecause[]) {
    const count = kept.filter((table) => table.because === because).length;
    if (count > 0) lines.push(`Kept, for ${reasons[because]}: ${counted(count, 'table')}.`);
  }
  if (removing > 0) lines.push(`${number(removing)} of the tables and exports are still being removed: that goes on by itself.`);
  return lines.join('\n');
};

const printReport = (report: PruneReport, json: boolean | undefined): void => print(json ? JSON.stringify(report) : reportOf(report));

/** Deleting is asked about, or said yes to in advance. */
const refuseUnasked = (yes: boolean | undefined): void => {
  if (yes || process.stdin.isTTY) return;
  throw new RefusedError('bad_input', 'Deleting needs a yes, and there is no terminal to ask on.', {
    field: '--yes',
    allowed: '--yes, --dry-run, or a terminal',
  });
};

/** `apwa tables prune`: removes old tables with their exports, and runs that are left without one. */
export const pruneTables = async ({ olderThan, dryRun = false, yes, json }: PruneOptions): Promise<ExitCode> => {
  const age = readAge('--older-than', olderThan);
  if (!dryRun) refuseUnasked(yes);
  const report = await withSession(quietDisplay(), async ({ client, interrupt }) => {
    if (dryRun || yes) return client.tables.prune({ olderThan: age, dryRun });
    const would = await client.tables.prune({ olderThan: age, dryRun: true });
    if (would.counts.tables + would.counts.runs === 0) return would;
    process.stderr.write(`${reportOf(would)}\n`);
    return (await isYes('Delete them?', interrupt.signal)) ? client.tables.prune({ olderThan: age }) : null;
  });
  if (report) printReport(report, json);
  return EXIT.succeeded;
};

/** `apwa tables delete`: removes one table with its exports. */
export const deleteTable = async (id: string, { yes, json }: JsonOption & { yes?: boolean }): Promise<ExitCode> => {
  refuseUnasked(yes);
  const report = await withSession(quietDisplay(), async ({ client, interrupt }) => {
    if (yes) return client.tables.delete(id);
    const { name, rows } = await client.tables.get(id);
    const question = `Delete table ${id} (${name}, ${rows === null ? 'no' : number(rows)} rows) and its exports?`;
    return (await isYes(question, interrupt.signal)) ? client.tables.delete(id) : null;
  });
  if (report) printReport(report, json);
  return EXIT.succeeded;
};
