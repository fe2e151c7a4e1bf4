import { CHUNK_COLUMNS, type Column, type Fault, type SplitStep, excerpt } from '@apwa/contracts';
import { clashesOf } from './columns.js';
import { allowedNames } from './nearest.js';

/** Checks a split, and says which columns its result has; null where that cannot be said. */
export const checkSplitStep = (step: SplitStep, field: string, input: Column[] | null): { faults: Fault[]; columns: Column[] | null } => {
  const faults = [...checkPattern(step, field), ...checkOverlap(step, field)];
  if (!input) return { faults, columns: null };
  const own = input.filter(({ name }) => !name.startsWith('_'));
  const texts = own.filter(({ type }) => type === 'VARCHAR').map(({ name }) => name);
  if (!texts.includes(step.column)) {
    const there = own.some(({ name }) => name === step.column);
    faults.push({
      field: `${field}.column`,
      message: there ? 'holds no texts' : 'is no column of the input',
      value: step.column,
      allowed: texts.length > 0 ? allowedNames(step.column, texts) : 'a column of type VARCHAR, which the input does not have',
    });
  }
  faults.push(...clashesOf([...CHUNK_COLUMNS], own, () => `${field}.input`));
  return { faults, columns: [...own, ...CHUNK_COLUMNS] };
};

const checkPattern = ({ by }: SplitStep, field: string): Fault[] => {
  if (by.kind !== 'regex') return [];
  try {
    new RegExp(by.pattern, 'gmu');
    return [];
  } catch (error) {
    return [
      {
        field: `${field}.by.pattern`,
        message: error instanceof Error ? error.message : 'is no regular expression',
        value: excerpt(by.pattern),
        allowed: "a regular expression in JavaScript's dialect",
      },
    ];
  }
};

const checkOverlap = ({ maxTokens, overlapTokens }: SplitStep, field: string): Fault[] =>
  overlapTokens * 2 < maxTokens
    ? []
    : [
        {
          field: `${field}.overlapTokens`,
          message: 'is half of a chunk or more: the next one would hold little that is new',
          value: String(overlapTokens),
          allowed: `less than half of maxTokens (${maxTokens})`,
        },
      ];
