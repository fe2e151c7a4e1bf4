import { parseDate, parseTimestamp } from '../types/iso-time.js';
import { type ColumnInference } from './rows.js';

/** A cell of a sheet that its author made a text: it stays one, whatever it looks like. */
export class TextCell {
  constructor(readonly text: string) {}
}

/** No leading zero or plus sign, and not more digits than 64 bits surely hold: what has them is an id, not a quantity. */
const INTEGER = /^(?:0|-?[1-9]\d{0,17})$/;
/** A point is asked for: `1E5` may as well be an article's number. */
const DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+(?:[eE][+-]?\d{1,3})?$/;
const BOOLEAN = /^(?:true|false|TRUE|FALSE|True|False)$/;
/** Digits that a double keeps. */
const DOUBLE_DIGITS = 17;

const isDecimal = (text: string): boolean =>
  DECIMAL.test(text) &&
  text
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '').length <= DOUBLE_DIGITS &&
  Number.isFinite(Number(text));

type Kind = 'integer' | 'decimal' | 'boolean' | 'date' | 'timestamp' | 'instant';

const kindOf = (text: string): Kind | null => {
  const first = text.charCodeAt(0);
  // Most texts are told by their first character: a letter, other than those of true and false.
  if (first > 57 && first !== 116 && first !== 102 && first !== 84 && first !== 70) return null;
  if (INTEGER.test(text)) return 'integer';
  if (isDecimal(text)) return 'decimal';
  if (BOOLEAN.test(text)) return 'boolean';
  if (parseDate(text) !== null) return 'date';
  const time = parseTimestamp(text);
  if (!time) return null;
  if (!time.zoned) return 'timestamp';
  // An offset would be lost in a column of instants.
  return /Z$/i.test(text) ? 'instant' : null;
};

/** The type of a column of texts: what all of them are, or text. Empty ones say nothing. */
export class TextInference implements ColumnInference {
  private kind: Kind | 'unknown' | 'text' = 'unknown';

  add(value: unknown): void {
    if (this.kind === 'text' || value === null || value === '') return;
    if (typeof value !== 'string') {
      if (value instanceof TextCell && value.text !== '') this.kind = 'text';
      return;
    }
    const found = kindOf(value) ?? 'text';
    if (this.kind === 'unknown') this.kind = found;
    else if (this.kind !== found) this.kind = isNumber(this.kind) && isNumber(found) ? 'decimal' : 'text';
  }

  type(): string {
    switch (this.kind) {
      case 'integer':
        return 'BIGINT';
      case 'decimal':
        return 'DOUBLE';
      case 'boolean':
        return 'BOOLEAN';
      case 'date':
        return 'DATE';
      case 'timestamp':
        return 'TIMESTAMP';
      case 'instant':
        return 'TIMESTAMP WITH TIME ZONE';
      case 'unknown':
      case 'text':
        return 'VARCHAR';
    }
  }

  convert(value: unknown, type: string): unknown {
    const text = value instanceof TextCell ? value.text : (value as string | null);
    if (type === 'VARCHAR' || text === null) return text;
    if (text === '') return null;
    switch (type) {
      case 'BIGINT':
        return BigInt(text);
      case 'DOUBLE':
        return Number(text);
      case 'BOOLEAN':
        return text.toLowerCase() === 'true';
      default:
        return text;
    }
  }
}

const isNumber = (kind: string): boolean => kind === 'integer' || kind === 'decimal';
