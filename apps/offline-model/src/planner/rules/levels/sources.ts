import { type ColumnView, type TableView, isText } from '../../tables.js';
import { isNamed } from '../../choose.js';
import { likeness } from '../../words.js';
import { type Ask, type Situation } from '../rule.js';
import { type Level, headingPatterns, numberPattern } from './level.js';
import { type LevelsGoal, rangesIn } from './read-levels.js';

/** The parts that a goal names and where they are found; finer ones first. `unfound`: those of which nothing tells. */
export type Found = { ask: Ask } | { levels: Level[]; unfound: string[] };

interface Place {
  table: TableView;
  /** Of the texts. */
  text: ColumnView;
  situation: Situation;
}

/** Where each level of a goal is: in columns, in numbers of file names, in what the goal says, or in headings, which are searched for. */
export const findLevels = (wanted: LevelsGoal, place: Place): Found => {
  const levels: Level[] = wanted.columns.map((name) => columnLevel(name, place.table));
  const unknown: string[] = [];
  for (const part of wanted.parts) {
    if (levels.some(({ name }) => likeness(name, part) === 3)) continue;
    const told = tableLevel(part, place.table);
    if (told) levels.push(told);
    else unknown.push(part);
  }
  const open: string[] = [];
  for (const part of unknown) {
    const told = rangesIn(place.situation.goal, part, [...levels.map(({ name }) => name), ...unknown]);
    if (told) levels.push({ name: part, count: told.ranges.length, source: { kind: 'ranges', ...told } });
    else open.push(part);
  }
  const unfound: string[] = [];
  for (const part of open) {
    const found = headedLevel(part, place);
    if ('ask' in found) return found;
    if (found.count > 0) levels.push(found);
    else unfound.push(part);
  }
  const known = levels.filter(({ source }) => source.kind !== 'ranges' || levels.some(({ name }) => name === source.of));
  return {
    levels: known.toSorted((a, b) => fineness(b, known) - fineness(a, known)),
    unfound: [...unfound, ...levels.filter((level) => !known.includes(level)).map(({ name }) => name)],
  };
};

const columnLevel = (name: string, { columns, rows }: TableView): Level => ({
  name,
  count: columns.find((column) => column.name === name)?.distinct ?? rows,
  source: { kind: 'column', column: name },
});

/** A level that columns of the table tell. */
const tableLevel = (part: string, table: TableView): Level | null => {
  const column = table.columns.find(({ name }) => likeness(name, part) === 3);
  if (column) return columnLevel(column.name, table);
  if (table.rows <= 1) return null;
  const numbered = table.columns.find((one) => isText(one) && isNumbered(one, part));
  if (numbered) return { name: part, count: table.rows, source: { kind: 'numbered', column: numbered.name } };
  return isNamed(table.name, part) ? { name: part, count: table.rows, source: { kind: 'row' } } : null;
};

/** Whether the values of a column, as far as they are known, have a number behind a word. */
const isNumbered = ({ min, max }: ColumnView, part: string): boolean => {
  const pattern = new RegExp(numberPattern(part), 'i');
  return typeof min === 'string' && typeof max === 'string' && pattern.test(min) && pattern.test(max);
};

/** The first way of numbering that the texts have; a level of which there are none where they have none of them. */
const headedLevel = (part: string, { table, text, situation }: Place): Level | { ask: Ask } => {
  let level: Level = { name: part, count: 0, source: { kind: 'headings', pattern: '' } };
  for (const pattern of headingPatterns(part)) {
    const given = { table: table.name, text: pattern, regex: true, ignoreCase: false, column: text.name, hits: 1 };
    const ask = { tool: 'search_text', arguments: given };
    const answer = situation.answer(ask);
    if (answer === undefined) return { ask };
    const { places } = (answer ?? {}) as { places?: unknown };
    level = { name: part, count: typeof places === 'number' ? places : 0, source: { kind: 'headings', pattern } };
    if (level.count > 0) break;
  }
  return level;
};

/** How fine a level is: one whose parts the goal gives is coarser than those. */
const fineness = (level: Level, levels: readonly Level[]): number => {
  const { source, count } = level;
  const finer = source.kind === 'ranges' ? levels.find(({ name }) => name === source.of) : undefined;
  return finer ? Math.min(count, finer.count - 0.5) : count;
};
