import { type Machine } from '../measure/machine.js';
import { type Result, type Table } from './outcome.js';

const textOf = (cell: string | number | null): string => {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (Number.isNaN(cell)) return '–';
  return Math.abs(cell) >= 100 || Number.isInteger(cell)
    ? Math.round(cell).toLocaleString('en')
    : cell.toFixed(Math.abs(cell) >= 10 ? 1 : 2);
};

/** A table in lines of text, columns aligned. */
export const printTable = ({ title, columns, rows, notes = [] }: Table): string => {
  const cells = [columns, ...rows.map((row) => row.map(textOf))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row, line) =>
    row
      .map((cell, column) => {
        const isNumber = line === 0 ? typeof rows[0]?.[column] !== 'string' : typeof rows[line - 1]?.[column] !== 'string';
        return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [title, lines[0], rule, ...lines.slice(1), ...notes.map((note) => `  ${note}`)].join('\n');
};

/** What was promised and reached. */
export const resultsTable = (results: readonly Result[]): Table => ({
  title: 'What was reached',
  columns: ['measure', 'value', 'unit', 'goal', 'met'],
  rows: results.map(({ measure, value, unit, goal, met }) => [measure, value, unit, goal ?? '', met === null ? '' : met ? 'yes' : 'NO']),
});

export const printMachine = ({ cpu, cores, memoryMb, kernel, load, versions }: Machine): string => {
  const known = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cores} cores (${cpu}), ${memoryMb} MB, Linux ${kernel}, load ${load} at the start; ${known.join(', ')}`;
};
