import { JsonDisplay } from './display/json-display.js';
import { PlainDisplay } from './display/plain-display.js';
import { TerminalDisplay } from './display/terminal-display.js';
import type { Display } from './display/display.js';

const out = (text: string) => void process.stdout.write(text);
const err = (text: string) => void process.stderr.write(text);

/** Progress goes to standard error, results to standard output; with `--json` events are results too. */
export const displayFor = ({ json }: { json?: boolean }): Display => {
  if (json) return new JsonDisplay(out);
  return process.stderr.isTTY ? new TerminalDisplay(process.stderr) : new PlainDisplay(err);
};

/** For commands whose result is all that they have to say. */
export const quietDisplay = (): Display => ({ say: () => undefined, show: () => undefined, close: () => undefined });

export const print = (text: string): void => out(`${text}\n`);

/** Lines of cells as columns of equal width; the last one is not filled up. `figures`: from this column on they stand to the right. */
export const columns = (rows: string[][], figures = Infinity): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => {
          if (at >= figures) return cell.padStart(widths[at] ?? 0);
          return at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
