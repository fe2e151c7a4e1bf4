import { ApwaError } from '@apwa/contracts';
import { type LocalFile } from '../jobs/protocol.js';
import { BadRow, badInput } from './bad-input.js';
import { headerKeys } from './column-names.js';
import { readWorkbook, showNumber, unescapeText, type Workbook } from './excel-workbook.js';
import { type ReadEvents, type RowReader, type SourceRow } from './rows.js';
import { type SourceLimits } from './source.js';
import { TextCell } from './text-inference.js';
import { readXml } from './xml.js';
import { ZipArchive } from './zip-archive.js';

type Cell = string | TextCell | null;

/**
 * One sheet of an Excel workbook (.xlsx): the first row that is not empty is the header, empty rows are passed over. Cells come as their values:
 * numbers, dates by the cell's format, formulas as what they gave when the file was saved, errors such as #N/A as null.
 */
export const excelReader = (file: LocalFile, limits: SourceLimits, sheet: string | undefined): RowReader =>
  async function* (events) {
    try {
      const archive = await ZipArchive.open(file, limits);
      try {
        const workbook = await readWorkbook(archive, file, sheet);
        const reading = new SheetReading(file, limits, workbook, events);
        const handlers = { open: reading.open, close: reading.close, text: reading.text };
        yield* readXml(archive.read(workbook.sheetPath), handlers, () => reading.drain());
        reading.end();
      } finally {
        archive.close();
      }
    } catch (thrown) {
      if (thrown instanceof ApwaError || thrown instanceof BadRow) throw thrown;
      const reason = thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown);
      throw badInput(file.name, null, `it cannot be read as an Excel workbook (${reason})`, {
        allowed: 'a complete .xlsx file',
        cause: thrown,
      });
    }
  };

class SheetReading {
  private rows: SourceRow[] = [];
  private keys: string[] | null = null;
  private row = 0;
  private cells: Cell[] = [];
  private bytes = 0;
  private column = -1;
  private type = '';
  private style = 0;
  private content = '';
  private within = false;

  constructor(
    private readonly file: LocalFile,
    private readonly limits: SourceLimits,
    private readonly workbook: Workbook,
    private readonly events: ReadEvents,
  ) {}

  drain(): SourceRow[] {
    const rows = this.rows;
    this.rows = [];
    return rows;
  }

  end(): void {
    if (this.keys === null) throw badInput(this.file.name, null, 'the sheet is empty', { allowed: 'a row of column names, then rows' });
  }

  readonly open = (name: string, attributes: Record<string, string>): void => {
    if (name === 'row') {
      this.row = attributes['r'] === undefined ? this.row + 1 : Number(attributes['r']);
      this.cells = [];
      this.bytes = 0;
      this.column = -1;
    } else if (name === 'c') {
      this.column = attributes['r'] === undefined ? this.column + 1 : columnOf(attributes['r']);
      this.type = attributes['t'] ?? 'n';
      this.style = Number(attributes['s'] ?? 0);
      this.content = '';
    } else if (name === 'v' || name === 't') this.within = true;
  };

  readonly text = (text: string): void => {
    if (!this.within) return;
    this.content += text;
    this.bytes += text.length;
    // Nothing larger is put together: the limit is checked again where the row ends.
    if (this.bytes > 4 * this.limits.maxRowBytes) throw this.tooLarge().refusal();
  };

  readonly close = (name: string): void => {
    if (name === 'v' || name === 't') this.within = false;
    else if (name === 'c') this.endCell();
    else if (name === 'row') this.endRow();
  };

  private endCell(): void {
    const cell = this.cell();
    if (cell === null || this.column < 0 || this.column >= MOST_COLUMNS) return;
    while (this.cells.length < this.column) this.cells.push(null);
    this.cells[this.column] = cell;
  }

  private cell(): Cell {
    switch (this.type) {
      case 's':
        return new TextCell(this.workbook.sharedTexts[Number(this.content)] ?? '');
      case 'inlineStr':
      case 'str':
        return this.content === '' ? null : new TextCell(unescapeText(this.content));
      case 'b':
        return this.content === '1' ? 'true' : 'false';
      case 'e':
        return null;
      case 'd':
        return this.content;
      default:
        return this.content === ''
          ? null
          : showNumber(Number(this.content), this.workbook.shows[this.style] ?? 'number', this.workbook.from1904);
    }
  }

  private endRow(): void {
    const { cells, row: line, bytes } = this;
    while (cells.length > 0 && isEmpty(cells.at(-1) ?? null)) cells.pop();
    if (cells.length === 0) return;
    if (this.keys === null) {
      this.keys = headerKeys(cells.map((cell) => (cell instanceof TextCell ? cell.text : cell)));
      this.events.header?.(this.keys);
      return;
    }
    if (bytes > this.limits.maxRowBytes) return this.events.bad(this.tooLarge());
    if (cells.length > this.keys.length)
      return this.events.bad(
        new BadRow(
          this.file.name,
          line,
          `${cells.length} cells where the header has ${this.keys.length}`,
          excerptOf(cells),
          `${this.keys.length} cells at most`,
        ),
      );
    while (cells.length < this.keys.length) cells.push(null);
    this.rows.push({ line, bytes: bytes + cells.length, keys: this.keys, values: cells });
  }

  private tooLarge(): BadRow {
    return new BadRow(
      this.file.name,
      this.row,
      `the row is larger than ${this.limits.maxRowBytes} bytes`,
      excerptOf(this.cells),
      `${this.limits.maxRowBytes} bytes at most`,
    );
  }
}

/** What Excel itself can hold. */
const MOST_COLUMNS = 16_384;

const isEmpty = (cell: Cell): boolean => cell === null || (cell instanceof TextCell && cell.text === '');

/** `BC12` → 54. */
const columnOf = (reference: string): number => {
  let column = 0;
  for (let at = 0; at < reference.length; at++) {
    const letter = reference.charCodeAt(at) - 64;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
  }
  return column - 1;
};

const excerptOf = (cells: readonly Cell[]): string =>
  cells
    .map((cell) => (cell instanceof TextCell ? cell.text : (cell ?? '')))
    .join(', ')
    .slice(0, 1_000);
