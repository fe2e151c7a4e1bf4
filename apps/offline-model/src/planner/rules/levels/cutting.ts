import { type ColumnView, type TableView, isText } from '../../tables.js';
import { type HeadedLevel, type Level, isHeaded } from './level.js';

/** How texts become the pieces that are told one by one. */
export interface Cutting {
  /** Finer ones first. */
  headed: readonly HeadedLevel[];
  /** Whether texts are cut at all. */
  isSplit: boolean;
  /** Of a piece. */
  maxTokens: number;
  /** Whether the finest level has to be folded of its pieces: else each piece is one. */
  isFoldedFirst: boolean;
  /** Columns that tell texts apart which are wholes of their own. */
  documents: readonly string[];
  /** Whether the only such column has to be made: the number of the row. */
  numbersDocuments: boolean;
}

/** A part of this length is told as a whole, in characters; four make a token. */
const MOST_OF_A_PART = 24_000;
/** Pieces of long texts, and of parts that fit mostly. */
const PIECE_TOKENS = 3_000;
const PART_TOKENS = 6_000;
const NEARLY_ALL = 0.95;
const DOCUMENT_NAME = /^(?:path|file|filename|url|title|name|id|key)$|_id$/i;

export const cutting = ({ table, text, levels }: { table: TableView; text: ColumnView; levels: readonly Level[] }): Cutting => {
  const headed = levels.filter(isHeaded);
  const typical = text.length?.p50 ?? 0;
  const longest = text.length?.p95 ?? typical;
  const [finest] = levels;
  const isRow = ({ count }: Level) => count >= table.rows * NEARLY_ALL;
  const isSplit = headed.length > 0 || longest > MOST_OF_A_PART;
  const ofAPart = headed[0] ? (typical * Math.max(1, table.rows)) / headed[0].count : typical;
  const fits = headed.length > 0 && ofAPart <= MOST_OF_A_PART / 2;
  const key =
    table.rows > 1 && headed.length > 0 && !levels.some((level) => !isHeaded(level) && isRow(level)) ? documentColumn(table) : null;
  return {
    headed,
    isSplit,
    maxTokens: fits ? PART_TOKENS : PIECE_TOKENS,
    isFoldedFirst: finest !== undefined && (isHeaded(finest) ? !fits : isSplit || !isRow(finest)),
    documents: key === null ? [] : [key ?? DOCUMENT],
    numbersDocuments: key === undefined,
  };
};

/** The column for which a text is numbered where no other tells texts apart. */
export const DOCUMENT = 'document';

/** Undefined: none tells the rows apart. */
const documentColumn = ({ columns, rows }: TableView): string | undefined =>
  columns.find(
    (column) =>
      DOCUMENT_NAME.test(column.name) && (isText(column) || column.type === 'BIGINT') && (column.distinct ?? 0) >= rows * NEARLY_ALL,
  )?.name;
