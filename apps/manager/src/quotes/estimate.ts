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
  /** Rows of which these are some; Infinity where nobody knows. */
  of: number;
  /** Something that is known of all rows, and may go with the figure: of the sampled ones, and its mean over all. */
  size?: { values: readonly number[]; mean: number };
}

/** Of fewer rows a line through them says nothing. */
const MIN_FOR_LINE = 5;

/**
 * The mean over all rows, with the interval by Student's t; what the sample leaves of the table counts alone. Where the size of rows
 * explains a part of the figure, what is known of all rows' sizes corrects it (the regression estimate of survey sampling).
 */
export const meanOf = ({ values, of, size }: Sampled): Estimate => {
  const n = values.length;
  if (n === 0) return exactly(0);
  if (n >= of) return exactly(mean(values));
  // One row says nothing of others.
  if (n === 1) return { low: 0, expected: mean(values), high: 4 * mean(values) };
  const level = mean(values);
  const plain = around(
    level,
    values.map((value) => value - level),
    { freedom: n - 1, share: 1 / n, of },
  );
  const line = size && alongLine(values, size, of);
  const { low, expected, high } = line && line.high - line.low < plain.high - plain.low && line.expected > 0 ? line : plain;
  // What was sampled is certain.
  const least = Number.isFinite(of) ? sum(values) / of : 0;
  return { low: Math.max(least, low), expected: Math.max(least, expected), high: Math.max(least, high) };
};

/** `share`: of the variance of a row that the expected value has. */
interface Spread {
  freedom: number;
  share: number;
  of: number;
}

/**
 * The interval around a value from which rows deviate so. Where a few deviate far to one side, the interval reaches farther there (the
 * endpoints of Hall, by the first term of Edgeworth's expansion), and no less far on the other: of few rows one knows too little.
 */
const around = (expected: number, deviations: readonly number[], { freedom, share, of }: Spread): Estimate => {
  const n = deviations.length;
  const variance = sum(deviations.map((one) => one ** 2)) / freedom;
  const error = Math.sqrt(variance * share * (1 - n / of));
  const skew = variance === 0 ? 0 : mean(deviations.map((one) => one ** 3)) / variance ** 1.5;
  const t = t95(freedom);
  const farther = (Math.abs(skew) * (2 * t ** 2 + 1)) / (6 * Math.sqrt(n));
  return {
    low: expected - error * (t + (skew < 0 ? farther : 0)),
    expected,
    high: expected + error * (t + (skew > 0 ? farther : 0)),
  };
};

const alongLine = (values: readonly number[], size: NonNullable<Sampled['size']>, of: number): Estimate | null => {
  const n = values.length;
  if (n < MIN_FOR_LINE) return null;
  const [level, middle] = [mean(values), mean(size.values)];
  const offset = (index: number): number => (size.values[index] ?? 0) - middle;
  const spread = sum(values.map((_, index) => offset(index) ** 2));
  if (spread === 0) return null;
  const slope = sum(values.map((value, index) => (value - level) * offset(index))) / spread;
  const beside = size.mean - middle;
  const deviations = values.map((value, index) => value - level - slope * offset(index));
  return around(level + slope * beside, deviations, { freedom: n - 2, share: 1 / n + beside ** 2 / spread, of });
};

/** The largest share of rows that may do what none of so many sampled ones did: more would have shown once in twenty times at least. */
export const unseenShare = (rows: number): number => (rows === 0 ? 1 : 1 - 0.05 ** (1 / rows));
