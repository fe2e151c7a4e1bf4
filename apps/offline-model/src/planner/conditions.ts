import { type ColumnView } from './tables.js';
import { type Condition } from './wishes.js';
import { likeness } from './words.js';

const OPERATORS: readonly [RegExp, Condition['operator']][] = [
  [/^(?:>=|at least|no less than)$/i, '>='],
  [/^(?:<=|at most|no more than|up to)$/i, '<='],
  [/^(?:>|over|above|more than|greater than|larger than|after|higher than|is over|is above|is more than|is greater than)$/i, '>'],
  [/^(?:<|under|below|less than|fewer than|smaller than|before|lower than|is under|is below|is less than)$/i, '<'],
  [/^(?:!=|<>|is not|are not|isn't|not)$/i, '<>'],
];
const CONDITION =
  /,?\s+\(?(?:(?:only )?(?:where|whose|with an?|with|if|having)(?: the| its| their)?)\s+([\w -]{1,40}?)\s+(>=|<=|<>|!=|=|==|>|<|at least|no less than|at most|no more than|up to|(?:is )?(?:over|above|more than|greater than|larger than|higher than|under|below|less than|fewer than|smaller than|lower than)|after|before|is not|are not|isn't|is|are|equals|equal to)\s+("[^"]+"|'[^']+'|“[^”]+”|-?\d+(?:[.,]\d+)*|[\p{L}\d][\p{L}\d_.-]*)\)?(?=[\s,.;?!]|$)/giu;

/** Conditions on columns that stand in a goal, and the goal without them. What is none stays where it is: it has to be read. */
export const takeConditions = (text: string, columns: readonly ColumnView[]): { rest: string; conditions: Condition[] } => {
  const conditions: Condition[] = [];
  const rest = text.replace(CONDITION, (whole, column: string, said: string, value: string) => {
    const named = columns.filter(({ name }) => likeness(name, column) >= 2);
    const operator = OPERATORS.find(([pattern]) => pattern.test(said))?.[1] ?? '=';
    const plain = value.replace(/^["'“]|["'”]$/g, '');
    const known =
      plain !== value || /\d/.test(plain) || named.some((item) => topOf(item).includes(plain.toLowerCase()) || /^BOOL/i.test(item.type));
    if (named.length === 0 || !known) return whole;
    conditions.push({ column, operator, value: plain });
    return '';
  });
  return { rest, conditions };
};

/** The most frequent values of a column. */
const topOf = ({ top }: ColumnView): string[] =>
  Array.isArray(top) ? top.map((item: { value?: unknown }) => String(item.value).toLowerCase()) : [];
