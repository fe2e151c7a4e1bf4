import { type Step } from '@apwa/contracts';
import { columnsOfRows } from '@apwa/tables';

/**
 * Columns of a table whose values were written by whoever wrote the plan: those of a step of kind `table`, and of row-wise steps over one.
 * What a query or a model made of them may be anybody's.
 */
export const writtenColumns = (name: string, steps: readonly Step[], seen: ReadonlySet<string> = new Set()): string[] => {
  const step = steps.find(({ id }) => id === name);
  if (!step || seen.has(name)) return [];
  switch (step.kind) {
    case 'table':
      return columnsOfRows(step.rows).map((column) => column.name);
    case 'map':
      return writtenColumns(step.input, steps, new Set([...seen, name]));
    case 'sql':
    case 'split':
    case 'reduce':
      return [];
  }
};
