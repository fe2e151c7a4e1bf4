import { type JsonSchema, type MapStep, type ReduceStep } from '@apwa/contracts';
import { type ColumnView, type TableView } from '../../tables.js';
import { nameOf, unique } from '../../words.js';
import { type Built } from '../rule.js';
import { cutting } from './cutting.js';
import { type Level } from './level.js';
import { piecesOf } from './pieces.js';
import { type LevelsGoal } from './read-levels.js';

export interface LevelsToBuild {
  table: TableView;
  /** The column that is read. */
  text: ColumnView;
  wanted: LevelsGoal;
  /** Finer ones first. */
  levels: readonly Level[];
  /** Parts that the goal names, and nothing tells. */
  unfound: readonly string[];
  takenProperties: ReadonlySet<string>;
}

/** A shorter text is folded as it stands, a longer one is told first. Characters. */
const SHORT = 1_500;
const NUMBERS = ' Write behind each claim the number of its item in brackets.';

/** A plan of pieces that are told, and of a reduce for each level above them. */
export const buildLevels = (given: LevelsToBuild): Built => {
  const { table, text, wanted, levels, unfound } = given;
  const taken = new Set([table.name.toLowerCase()]);
  const id = (name: string) => unique(nameOf(name, 'part'), taken);
  const property = unique(
    'summary',
    new Set([...table.columns.map(({ name }) => name), ...given.takenProperties].map((name) => name.toLowerCase())),
  );
  const cut = cutting(given);
  const { steps, last } = piecesOf(given, cut, id);
  const made: string[] = [];
  const add = (step: MapStep | ReduceStep): void => {
    steps.push(step);
    made.push(step.id);
  };
  let [input, shown] = [last, text.name];
  if (cut.isSplit || (text.length?.p50 ?? 0) > SHORT) {
    add(toldStep(id('told'), { input, text: text.name, part: cut.isFoldedFirst ? null : (levels[0]?.name ?? null), property }));
    [input, shown] = [made.at(-1) ?? input, property];
  }
  const fold = (name: string, by: string[], below: string | undefined, said: string): void => {
    const columns = [...(below === undefined ? [] : [below]), shown];
    add(reduceStep(id(name), { input, by: [...cut.documents, ...by], columns, said: `${said}${wanted.traced ? NUMBERS : ''}`, property }));
    [input, shown] = [made.at(-1) ?? input, property];
  };
  for (const [index, { name }] of levels.entries()) {
    if (index === 0 && !cut.isFoldedFirst) continue;
    const by = levels
      .slice(index)
      .map((level) => level.name)
      .toReversed();
    fold(
      `by_${name}`,
      by,
      levels[index - 1]?.name,
      `Summarise ${name.replaceAll('_', ' ')} {{${name}}} in one paragraph, from its parts in their order.`,
    );
  }
  const top = levels.at(-1)?.name;
  if (wanted.whole)
    fold(
      wanted.wholeName,
      [],
      top,
      `Tell the whole on one page, from its parts in their order${top === undefined ? '' : `, and name the ${top} of each claim`}.`,
    );
  return { steps, outputs: made.toReversed(), impossible: unfound.map((part) => `${part}s, which nothing in the table tells`) };
};

const outputOf = (property: string): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: [property],
  properties: { [property]: { type: 'string' } },
});

const toldStep = (
  id: string,
  { input, text, part, property }: { input: string; text: string; part: string | null; property: string },
): MapStep => ({
  id,
  kind: 'map',
  description: `What each ${part ?? 'piece'} tells`,
  input,
  template: {
    mode: 'llm',
    instructions: `Summarise this ${part ?? 'piece of a longer text'} in three to five sentences, with names, figures and dates, from the text alone: {{${text}}}`,
    output: outputOf(property),
  },
});

interface Folded {
  input: string;
  by: string[];
  columns: string[];
  said: string;
  property: string;
}

const reduceStep = (id: string, { input, by, columns, said, property }: Folded): ReduceStep => ({
  id,
  kind: 'reduce',
  description: by.length > 0 ? `A text for each ${by.at(-1) ?? ''}` : 'All of it in one text',
  input,
  ...(by.length > 0 ? { by } : {}),
  columns,
  template: { mode: 'llm', instructions: `${said} {{items}}`, output: outputOf(property) },
});
