/** A figure with what DESIGN §10 promises of it, if it does. */
export interface Result {
  measure: string;
  value: number;
  unit: string;
  /** `≥ 0.9`; null if nothing is promised. */
  goal: string | null;
  met: boolean | null;
}

const SIGNIFICANT = 4;
const rounded = (value: number): number => Number(value.toPrecision(SIGNIFICANT));

export const figure = (measure: string, value: number, unit: string): Result => ({
  measure,
  value: rounded(value),
  unit,
  goal: null,
  met: null,
});

export const atLeast = (measure: string, value: number, unit: string, bound: number): Result => ({
  ...figure(measure, value, unit),
  goal: `≥ ${bound}`,
  met: value >= bound,
});

export const atMost = (measure: string, value: number, unit: string, bound: number): Result => ({
  ...figure(measure, value, unit),
  goal: `≤ ${bound}`,
  met: value <= bound,
});

/** A table for a person: cells are printed as they are, numbers to the right. */
export interface Table {
  title: string;
  columns: string[];
  rows: (string | number | null)[][];
  /** What has to be known to read it. */
  notes?: string[];
}

export interface Outcome {
  tables: Table[];
  results: Result[];
  /** What the tables were made of, for who wants to look closer. */
  raw: unknown;
}
