import { tokensOf, type Run, type RowValues } from '@apwa/contracts';
import { relative } from 'node:path';
import { cell } from '../commands/tables.js';
import { summaryOf } from '../commands/run.js';
import { cost, duration, figuresOf, number, spentOf } from '../display/format.js';
import { columns } from '../output.js';
import type { WrittenFile } from '../outputs/download.js';
import type { Findings } from './findings.js';
import { RESULTS, type Made, type ResultName } from './results.js';
import { scoreTable, type Scores } from './score.js';

/** What the demo has come to. */
export interface Outcome {
  run: Run;
  /** The provider's name of the model that answered. */
  model: string;
  offline: boolean;
  results: Partial<Record<ResultName, Made>>;
  files: WrittenFile[];
  findings: Findings[];
  counts: RowValues[];
  /** Redacted messages by id, in their order. */
  redacted: { id: string; text: string }[];
  scores: Scores | null;
}

const SAMPLES = 10;
const TEXT_COLUMNS = 64;
const FOUND_COLUMNS = 72;

const samples = ({ redacted, findings }: Outcome): string => {
  const byId = new Map(findings.map(({ id, entities }) => [id, entities]));
  const rows = redacted.length ? redacted : findings.map(({ id }) => ({ id, text: '' }));
  return columns([
    ['ID', 'REDACTED', 'FOUND'],
    ...rows.slice(0, SAMPLES).map(({ id, text }) => {
      const found = (byId.get(id) ?? []).map(({ type, value }) => `${type}: ${value}`).join('; ');
      return [id, cell(text, TEXT_COLUMNS), cell(found, FOUND_COLUMNS)];
    }),
  ]);
};

const countTable = (counts: RowValues[]): string => {
  const names = Object.keys(counts[0] ?? {});
  const rows = [names.map((name) => name.toUpperCase()), ...counts.map((row) => names.map((name) => cell(row[name])))];
  const widths = names.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const isFigure = (at: number) => typeof counts[0]?.[names[at] ?? ''] === 'number';
  return columns(rows.map((row) => row.map((text, at) => (isFigure(at) ? text.padStart(widths[at] ?? 0) : text))));
};

const speed = (run: Run): string[] =>
  run.steps
    .filter(({ kind, finishedAt }) => kind === 'map' && finishedAt !== null)
    .map((step) => {
      const { done, rowsPerSecond } = figuresOf(step, Date.parse(step.finishedAt ?? ''));
      return `${step.id}: ${number(done)} rows at ${number(rowsPerSecond)} rows/s`;
    });

const section = (title: string, text: string): string => `\n${title}\n${text}`;

/** The outcome for a person. */
export const reportOf = (outcome: Outcome): string => {
  const { run, model, offline, results, files, counts, scores } = outcome;
  const { calls, usage, costUsd } = spentOf(run);
  const missing = RESULTS.filter((name) => !results[name]);
  const parts = [summaryOf(run, [])];
  if (outcome.redacted.length || outcome.findings.length) parts.push(section('Ten of the messages', samples(outcome)));
  if (counts.length) parts.push(section('Findings by type', countTable(counts)));
  if (scores)
    parts.push(section('Compared with the labels, which neither plan nor model has seen (strict on type and value)', scoreTable(scores)));
  else if (results.findings)
    parts.push('\nThe findings cannot be compared with the labels: their table does not say which message each is of.');
  const spent = [...speed(run), `${number(calls)} calls`, `${number(tokensOf(usage))} tokens`, cost(costUsd)];
  if (run.startedAt && run.finishedAt) spent.push(duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt)));
  parts.push(`\n${spent.join(' · ')}`);
  parts.push(
    offline
      ? `The offline model (${model}) answered: it works by rules and is no language model. With OPENAI_API_KEY a real one answers.`
      : `The model ${model} answered.`,
  );
  if (files.length)
    parts.push(
      section('Written', columns(files.map(({ path, rows }) => [`  ${relative('', path)}`, rows === null ? '' : `${number(rows)} rows`]))),
    );
  if (missing.length && run.state !== 'failed' && run.state !== 'cancelled')
    parts.push(`\nMissing: ${missing.join(', ')}. None of the plan's tables (${run.steps.map(({ id }) => id).join(', ')}) is that.`);
  return parts.join('\n');
};
