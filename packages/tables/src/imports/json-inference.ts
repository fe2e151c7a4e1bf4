import { type ExactJson } from '../types/exact-json.js';
import { quoteName } from '../types/column-type.js';
import { type ColumnInference } from './rows.js';

/** Objects with more keys than that, or whose keys differ from one to the next, hold data in their keys: they stay JSON. */
const MOST_FIELDS = 100;
const LEAST_FILLED = 0.1;
const LONGEST_TYPE = 5_000;
const DEEPEST = 12;
const INT64 = 1n << 63n;

/** What was seen at a place of JSON documents. */
export class JsonShape implements ColumnInference {
  private booleans = false;
  private integers = false;
  private decimals = false;
  /** Integers that a double does not hold, and beyond them those that 64 bits do not hold. */
  private large: 'no' | 'int64' | 'beyond' = 'no';
  private texts = false;
  private objects = 0;
  private filled = 0;
  private fields: Map<string, JsonShape> | null = null;
  private elements: JsonShape | null = null;
  private irregular = false;

  constructor(private readonly depth = 0) {}

  add(value: unknown): void {
    const json = value as ExactJson;
    if (json === null) return;
    if (typeof json === 'boolean') this.booleans = true;
    else if (typeof json === 'string') this.texts = true;
    else if (typeof json === 'bigint') this.addLarge(json);
    else if (typeof json === 'number') this.addNumber(json);
    else if (this.depth >= DEEPEST) this.irregular = true;
    else if (Array.isArray(json)) {
      this.elements ??= new JsonShape(this.depth + 1);
      for (const element of json) this.elements.add(element);
    } else this.addObject(json);
  }

  type(): string {
    return this.resolve() ?? 'VARCHAR';
  }

  convert(value: unknown): unknown {
    return value;
  }

  /** Null where nothing but null was seen. */
  private resolve(): string | null {
    const numbers = this.integers || this.decimals || this.large !== 'no';
    const kinds = [this.booleans, numbers, this.texts, this.objects > 0, this.elements !== null].filter(Boolean).length;
    if (this.irregular || kinds > 1) return 'JSON';
    if (this.booleans) return 'BOOLEAN';
    if (this.texts) return 'VARCHAR';
    if (numbers) return this.numberType();
    if (this.elements) return short(`${this.elements.resolve() ?? 'JSON'}[]`);
    return this.objects > 0 ? short(this.structType()) : null;
  }

  private numberType(): string {
    if (this.large === 'beyond' || (this.large === 'int64' && this.decimals)) return 'JSON';
    return this.decimals ? 'DOUBLE' : 'BIGINT';
  }

  private structType(): string {
    const fields = [...(this.fields ?? [])];
    if (fields.length === 0 || this.filled < LEAST_FILLED * fields.length * this.objects) return 'JSON';
    // DuckDB tells fields apart without regard to case.
    const names = new Set(fields.map(([name]) => name.toLowerCase()));
    if (names.size < fields.length || names.has('') || names.has('__proto__')) return 'JSON';
    return `STRUCT(${fields.map(([name, shape]) => `${quoteName(name)} ${shape.resolve() ?? 'VARCHAR'}`).join(', ')})`;
  }

  private addNumber(value: number): void {
    // Whole numbers beyond what a double counts exactly are written with an exponent or a point here.
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.integers = true;
    else this.decimals = true;
  }

  private addLarge(value: bigint): void {
    if (value >= INT64 || value < -INT64) this.large = 'beyond';
    else if (this.large === 'no') this.large = 'int64';
  }

  private addObject(object: { [key: string]: ExactJson }): void {
    this.objects += 1;
    if (this.irregular) return;
    this.fields ??= new Map();
    for (const key of Object.keys(object)) {
      let shape = this.fields.get(key);
      if (!shape) {
        if (this.fields.size >= MOST_FIELDS) {
          // Its fields need not be kept: it is JSON whatever follows.
          this.irregular = true;
          this.fields = null;
          return;
        }
        shape = new JsonShape(this.depth + 1);
        this.fields.set(key, shape);
      }
      this.filled += 1;
      shape.add(object[key] ?? null);
    }
  }
}

const short = (type: string): string => (type.length > LONGEST_TYPE ? 'JSON' : type);
