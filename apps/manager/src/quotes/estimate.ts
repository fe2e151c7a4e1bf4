import { type Estimate } from '@apwa/contracts';

/** Quantiles 0.95 of Student's t, which leave a tenth outside on both sides together, for the fewest degrees of freedom. */
const T95 = [6.314, 2.92, 2.353, 2.132, 2.015];
const Z95 = 1.645;

/** The same for any: beyond the table by the expansion of Cornish and Fisher, good to a thousandth there. */
export const t95 = (freedom: number): number =>
  T95[freedom - 1] ?? Z95 + (Z95 ** 3 + Z95) / (4 * freedom) + (5 * Z95 ** 5 + 16 * Z95 ** 3 + 3 * Z95) / (96 * freedom ** 2);

export const exactly = (value: number): Estimate => ({ low: value, expected: value, high: value });

export const addEstimates = (a: Estimate, b: Estimate): Estimate => ({
  low: a.low + b.low,
  expected: a.expected + b.expected,
  high: a.high + b.high,
});

export const timesEstimates = (a: Estimate, b: Estimate): Estimate => ({
  low: a.low * b.low,
  expected: a.expected * b.expected,
  high: a.high * b.high,
});

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** A figure of sampled rows. */
export interface Sampled {
  values: readonly number[];
  /** How many rows each of them stands for, to scale. Left out: all for as many. */
  weights?: readonly number[];
  /** Rows of which these are some; Infinity where nobody knows. */
  of: number;
  /** Something that is known of all rows, and may go with the figure: of the sampled ones, and its mean over all. */
  size?: { values: readonly number[]; mean: number };
}

/** Of two intervals the narrower one is too narrow at times: the line is taken where it makes so much of a difference. */
const CLEARLY = 0.8;
/** Of fewer rows a line through them says nothing. */
const MIN_FOR_LINE = 5;

/**
 * The mean over all rows, with the interval by Student's t; what the sample leaves of the table counts alone. Where the size of rows
 * explains a part of the figure, what is known of all rows' sizes corrects it (the generalised regression estimate of survey sampling).
 */
export const meanOf = ({ values, weights, of, size }: Sampled): Estimate => {
  const n = values.length;
  if (n === 0) return exactly(0);
  if (n >= of) return exactly(mean(values));
  const all = sum(weights ?? values.map(() => 1));
  const drawn = values.map((value, index): Drawn => {
    const weight = weights?.[index] ?? 1;
    // Of the rows that one stands for, itself is known.
    return { value, weight, share: weight / all, unknown: Math.max(0, 1 - all / (weight * of)), size: size?.values[index] ?? 0 };
  });
  const level = meanBy(drawn, ({ value }) => value);
  // One row says nothing of others.
  if (n === 1) return { low: 0, expected: level, high: 4 * level };
  const plain = around(
    level,
    drawn.map((row) => errorOf(row, row.value - level, 1)),
    n - 1,
  );
  const line = size && alongLine(drawn, size.mean, level);
  const { low, expected, high } = line && line.high - line.low < CLEARLY * (plain.high - plain.low) && line.expected > 0 ? line : plain;
  // What was sampled is certain.
  const least = Number.isFinite(of) ? sum(values) / of : 0;
  return { low: Math.max(least, low), expected: Math.max(least, expected), high: Math.max(least, high) };
};

/** A sampled row. `share`: of all rows that it stands for; `unknown`: of these, the share of those that were not sampled. */
interface Drawn {
  value: number;
  weight: number;
  share: number;
  unknown: number;
  size: number;
}

const meanBy = (rows: readonly Drawn[], figure: (row: Drawn) => number): number =>
  sum(rows.map((row) => row.weight * figure(row))) / sum(rows.map(({ weight }) => weight));

/**
 * What a row adds to the error of a mean, by how far it deviates. `pull`: how much of the deviation from what is expected it has taken to itself,
 * for it was fitted too, in shares of the row.
 */
const errorOf = ({ share, unknown }: Drawn, deviation: number, pull: number): number =>
  share * deviation * Math.sqrt(unknown / Math.max(LEAST_LEFT, 1 - share * pull));

/** A row that alone decides a fit leaves no deviation to divide. */
const LEAST_LEFT = 0.05;

/**
 * The interval around a value by what each row adds to its error. Where a few deviate far to one side, the interval reaches farther there (the
 * endpoints of Hall, by the first term of Edgeworth's expansion), and no less far on the other: of few rows one knows too little.
 */
const around = (expected: number, errors: readonly number[], freedom: number): Estimate => {
  const variance = sum(errors.map((one) => one ** 2));
  const error = Math.sqrt(variance);
  const skew = variance === 0 ? 0 : sum(errors.map((one) => one ** 3)) / variance ** 1.5;
  const t = t95(freedom);
  const farther = (Math.abs(skew) * (2 * t ** 2 + 1)) / 6;
  return {
    low: expected - error * (t + (skew < 0 ? farther : 0)),
    expected,
    high: expected + error * (t + (skew > 0 ? farther : 0)),
  };
};

const alongLine = (rows: readonly Drawn[], sizeOfAll: number, level: number): Estimate | null => {
  if (rows.length < MIN_FOR_LINE) return null;
  const middle = meanBy(rows, ({ size }) => size);
  const spread = meanBy(rows, ({ size }) => (size - middle) ** 2);
  if (spread === 0) return null;
  const slope = meanBy(rows, ({ value, size }) => (value - level) * (size - middle)) / spread;
  const beside = sizeOfAll - middle;
  const errors = rows.map((row) => {
    const off = row.size - middle;
    // The line is less sure the farther all rows are from the sampled ones.
    return errorOf(row, (row.value - level - slope * off) * (1 + (beside * off) / spread), 1 + off ** 2 / spread);
  });
  return around(level + slope * beside, errors, rows.length - 2);
};

/** The largest share of rows that may do what none of so many sampled ones did: more would have shown once in twenty times at least. */
export const unseenShare = (rows: number): number => (rows === 0 ? 1 : 1 - 0.05 ** (1 / rows));
