import { type Built, type Outcome, type Rule, type Situation } from './rule.js';
import { buildFor } from '../build.js';
import { chosenTables, isNamed } from '../choose.js';
import { clausesOf } from '../clauses.js';
import { type Goal, readGoal } from '../read-goal.js';
import { type TableView } from '../tables.js';
import { likeness } from '../words.js';

/** More inputs than these are not worked on at once. */
const MOST_TABLES = 8;
/** What no step of a plan does, as goals begin with it. */
const NOT_FOR_PLANS =
  /^(?:send|e-?mail|post|publish|upload|deploy|pay|buy|train|fine-?tune|forecast|predict|plot|chart|draw|visuali[sz]e|cluster|join|paint|schedule|install|book)\b/i;
/** Words by which a goal speaks of rows: what it wants is to be said of each of them. */
const OF_ROWS = /\b(?:each|every|all|any|these|those|them|their|its?|per|rows?|records?|texts?)\b/i;

/** An answer for each row, and what SQL makes of answers and columns. It is asked last, for it takes nearly every goal that speaks of rows. */
export const rows: Rule = {
  plans:
    'answers for each row (personal data, labels, named fields, summaries, scores, yes or no, translations), rows that are kept by such an answer, and counts, sums, averages and orders by columns or answers',
  apply: (situation) => planRows(situation),
};

const planRows = (situation: Situation): Outcome => {
  const { goal: text, requested, tables } = situation;
  const names = situation.inputs.join(', ');
  if (tables.length === 0) {
    const reason =
      names === '' ? 'there is no table, and no rule plans this goal without one' : `no columns are known of any of the tables ${names}`;
    return { refusal: { reason, missing: 'a table that the goal is about' } };
  }
  const cannot = clausesOf(text).find((clause) => NOT_FOR_PLANS.test(clause));
  if (cannot !== undefined)
    return { refusal: { reason: `no rule does what the goal asks for in "${cannot.slice(0, 200)}"`, missing: 'another goal' } };
  const goal = withHints(readGoal(text, columnsOf(tables)), requested);
  const chosen = choose(situation, goal).slice(0, MOST_TABLES);
  if (!goal.understood && !OF_ROWS.test(text) && !chosen.some((table) => isNamed(table.name, text)))
    return {
      refusal: {
        reason: 'none of the rules fits this goal, and it names neither rows nor a table',
        missing: `a goal that says what to find out of each row of ${names}`,
      },
    };
  const goals = chosen.map((table) =>
    chosen.length > 1
      ? withHints(
          readGoal(text, columnsOf(tables), (clause) => isAboutAnother(clause, table, chosen)),
          requested,
        )
      : goal,
  );
  const built = build(goals, chosen, tables, situation.takenProperties);
  if (built.steps.length > 0) return { built };
  const reason = `no plan could be made for ${built.impossible.join(', ') || 'this goal'}. Tables: ${describe(tables)}`;
  return { refusal: { reason, missing: 'columns that the goal names' } };
};

const columnsOf = (tables: readonly TableView[]) => tables.flatMap((table) => table.columns);

/** What a requested file's name says of its content, where the goal itself does not: `by_country`, `redacted`. */
const withHints = (goal: Goal, requested: readonly string[]): Goal => {
  const wishes = [...goal.wishes];
  for (const id of requested) {
    const by = /^(?:n|counts?|number)?_?(?:by|per)_(.+)$/.exec(id)?.[1];
    if (by !== undefined && !wishes.some((wish) => wish.kind === 'aggregate')) {
      wishes.push({
        kind: 'aggregate',
        function: 'count',
        what: '',
        by: by.split('_and_').map((word) => word.replaceAll('_', ' ')),
        most: null,
        ascending: false,
      });
    }
    if (
      /^(?:redacted|anonymi[sz]ed|masked)/.test(id) &&
      wishes.some(({ kind }) => kind === 'entities') &&
      !wishes.some(({ kind }) => kind === 'redaction')
    )
      wishes.push({ kind: 'redaction', types: [] });
  }
  return { ...goal, wishes };
};

const describe = (tables: readonly TableView[]): string =>
  tables
    .map(
      ({ name, columns }) =>
        `${name} (${columns
          .slice(0, 40)
          .map((column) => column.name)
          .join(', ')})`,
    )
    .join('; ');

/** Pure aggregates go to the table that has the columns which they name. */
const choose = (situation: Situation, goal: Goal): TableView[] => {
  const named = chosenTables(situation);
  const words = [
    ...goal.wishes.flatMap((wish) =>
      wish.kind === 'aggregate'
        ? [...wish.by, ...(wish.function === 'count' ? [] : [wish.what])]
        : wish.kind === 'sorting'
          ? [wish.by]
          : [],
    ),
    ...goal.conditions.map(({ column }) => column),
  ];
  if (words.length === 0 || goal.wishes.some(({ kind }) => !['aggregate', 'sorting', 'distinct'].includes(kind))) return named;
  const fitting = ({ columns }: TableView) => words.filter((word) => columns.some(({ name }) => likeness(name, word) > 0)).length;
  const most = Math.max(...situation.tables.map(fitting));
  if (named.length > 0 && named.every((table) => fitting(table) === most)) return named;
  return situation.tables.filter((table) => fitting(table) === most).slice(0, 1);
};

/** A clause that names other tables, and not this one. */
const isAboutAnother = (clause: string, { name }: TableView, chosen: readonly TableView[]): boolean =>
  !isNamed(name, clause) && chosen.some((other) => isNamed(other.name, clause));

const build = (
  goals: readonly Goal[],
  chosen: readonly TableView[],
  all: readonly TableView[],
  takenProperties: ReadonlySet<string>,
): Built => {
  const taken = new Set(all.map(({ name }) => name.toLowerCase()));
  const parts = chosen.map((table, index) =>
    buildFor(table, { goal: goals[index] as Goal, taken, suffix: chosen.length > 1 ? `_${table.name}` : '', takenProperties }),
  );
  return {
    steps: parts.flatMap(({ steps }) => steps),
    outputs: parts.flatMap(({ outputs }) => outputs),
    impossible: [...new Set(parts.flatMap(({ impossible }) => impossible))],
  };
};
