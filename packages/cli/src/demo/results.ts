import type { Column } from '@apwa/contracts';
import { findingsShape, isCount, redactedColumn } from './columns.js';

/** A table that the plan made. */
export interface Made {
  step: string;
  tableId: string;
  columns: Column[];
}

export const RESULTS = ['findings', 'redacted', 'by_type'] as const;
export type ResultName = (typeof RESULTS)[number];

const FITS: Record<ResultName, (columns: Column[]) => boolean> = {
  findings: (columns) => findingsShape(columns) !== undefined,
  redacted: (columns) => redactedColumn(columns) !== undefined,
  by_type: isCount,
};

/**
 * Which table of a plan is which result: the one of that name, else the first that has the columns of it. Outputs of the plan
 * come first, then its other steps. One table may be two results: findings with the redacted text beside them.
 */
export const assignResults = (made: Made[]): Partial<Record<ResultName, Made>> =>
  Object.fromEntries(
    RESULTS.flatMap((name) => {
      const found = made.find(({ step }) => step === name) ?? made.find(({ columns }) => FITS[name](columns));
      return found ? [[name, found]] : [];
    }),
  );
