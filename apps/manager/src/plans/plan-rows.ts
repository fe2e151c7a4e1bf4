import { type JsonObject } from '@apwa/contracts';
import { columnsOfRows } from '@apwa/tables';
import { type PlacedStep } from './shape.js';

/** A table that stands in a plan. */
export interface WrittenTable {
  /** Where its rows stand in the document. */
  field: string;
  rows: readonly JsonObject[];
  /** Names of its columns. */
  columns: readonly string[];
}

/**
 * The table whose values whoever wrote the plan has written: a step of kind `table`, seen through row-wise steps over it, which have its columns beside
 * theirs. What a query or a model made of it may be anybody's. Null: there is none.
 */
export const writtenTable = (name: string, steps: readonly PlacedStep[], seen: ReadonlySet<string> = new Set()): WrittenTable | null => {
  const placed = steps.find(({ step }) => step.id === name);
  if (!placed || seen.has(name)) return null;
  const { step, index } = placed;
  switch (step.kind) {
    case 'table':
      return { field: `steps[${index}].rows`, rows: step.rows, columns: columnsOfRows(step.rows).map((column) => column.name) };
    case 'map':
      return writtenTable(step.input, steps, new Set([...seen, name]));
    case 'sql':
    case 'split':
    case 'reduce':
      return null;
  }
};
