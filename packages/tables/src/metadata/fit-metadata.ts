import { type Column, type ColumnStatistics, type JsonValue, type RowValues, type TableMetadata } from '@apwa/contracts';

/** Bytes of JSON that make about 2,000 tokens. Bytes, because letters beyond ASCII cost more tokens than others. */
export const METADATA_BYTES = 8_000;

export interface Findings {
  rows: number;
  bytes: number;
  /** All columns, in order. */
  columns: readonly Column[];
  /** Figures of the first columns. */
  statistics: readonly ColumnStatistics[];
  sample: readonly RowValues[];
}

/** How much of the findings is shown. */
interface Detail {
  sampleRows: number;
  /** Characters of a sample's value. */
  sampleValue: number;
  /** Characters of other values. */
  value: number;
  top: number;
  length: boolean;
  type: number;
}

/** From everything to little: the first that fits is taken. */
const DETAILS: readonly Detail[] = [
  { sampleRows: 5, sampleValue: 200, value: 60, top: 5, length: true, type: 400 },
  { sampleRows: 5, sampleValue: 80, value: 40, top: 5, length: true, type: 400 },
  { sampleRows: 3, sampleValue: 60, value: 30, top: 3, length: true, type: 300 },
  { sampleRows: 2, sampleValue: 40, value: 20, top: 3, length: true, type: 200 },
  { sampleRows: 1, sampleValue: 30, value: 16, top: 0, length: true, type: 100 },
  { sampleRows: 1, sampleValue: 20, value: 12, top: 0, length: false, type: 60 },
];
const LEAST = DETAILS.at(-1) as Detail;

/** Of a table of very many columns: what the names of those without figures may take. */
const NAMES_BYTES = 4_000;

/** The findings as metadata within the limit, with what was left out said in words. */
export const fitMetadata = (findings: Findings): TableMetadata => {
  if (findings.statistics.length === findings.columns.length)
    for (const detail of DETAILS) {
      const metadata = show(findings, findings.columns.length, detail);
      if (fits(metadata)) return metadata;
    }
  // The columns themselves are too many: as many as fit with figures, the others by name and type.
  let [least, most] = [0, findings.statistics.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(show(findings, middle, LEAST))) least = middle;
    else most = middle - 1;
  }
  return show(findings, least, LEAST);
};

const fits = (metadata: TableMetadata): boolean => Buffer.byteLength(JSON.stringify(metadata)) <= METADATA_BYTES;

const show = ({ rows, bytes, columns, statistics, sample }: Findings, shown: number, detail: Detail): TableMetadata => {
  const names = columns.slice(0, shown).map(({ name }) => name);
  return {
    rows,
    bytes,
    columns: statistics.slice(0, shown).map((column) => showColumn(column, detail)),
    sample: sample
      .slice(0, detail.sampleRows)
      .map((row) =>
        Object.fromEntries(names.filter((name) => name in row).map((name) => [name, showValue(row[name] ?? null, detail.sampleValue)])),
      ),
    leftOut: leftOut(columns, statistics, shown, sample.length, detail),
  };
};

const showColumn = ({ name, type, nullShare, min, max, distinct, length, top }: ColumnStatistics, detail: Detail): ColumnStatistics => ({
  name,
  type: cut(type, detail.type),
  nullShare,
  ...(min === undefined ? {} : { min: cut(min, detail.value) }),
  ...(max === undefined ? {} : { max: cut(max, detail.value) }),
  ...(distinct === undefined ? {} : { distinct }),
  ...(length && detail.length ? { length } : {}),
  ...(top && top.length > 0 && detail.top > 0
    ? { top: top.slice(0, detail.top).map(({ value, share }) => ({ value: cut(value, detail.value), share })) }
    : {}),
});

/** Cut between characters, not within one. */
const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${[...text.slice(0, length)].slice(0, -1).join('')}…`;

const showValue = (value: JsonValue, length: number): JsonValue => {
  if (typeof value === 'string') return cut(value, length);
  const text = JSON.stringify(value);
  return text.length <= length ? value : cut(text, length);
};

const leftOut = (
  columns: readonly Column[],
  statistics: readonly ColumnStatistics[],
  shown: number,
  sampled: number,
  detail: Detail,
): string[] => {
  const said: string[] = [];
  if (shown < columns.length) said.push(namesOf(columns.slice(shown)));
  if (detail.sampleRows < sampled) said.push(`${sampled - detail.sampleRows} of ${sampled} sample rows`);
  const kept = statistics.slice(0, shown);
  if (kept.some(({ top }) => (top?.length ?? 0) > detail.top))
    said.push(detail.top === 0 ? 'most frequent values' : `most frequent values beyond the first ${detail.top}`);
  if (!detail.length && kept.some(({ length }) => length)) said.push('lengths');
  if (kept.some(({ type }) => type.length > detail.type)) said.push(`ends of types longer than ${detail.type} characters`);
  return said;
};

const namesOf = (columns: readonly Column[]): string => {
  const described: string[] = [];
  let bytes = 0;
  for (const { name, type } of columns) {
    const text = `${cut(name, 60)} ${cut(type, 24)}`;
    bytes += Buffer.byteLength(JSON.stringify(text));
    if (bytes > NAMES_BYTES) break;
    described.push(text);
  }
  const unnamed = columns.length - described.length;
  return `statistics of ${columns.length} more columns: ${described.join(', ')}${unnamed > 0 ? ` and ${unnamed} more` : ''}`;
};
