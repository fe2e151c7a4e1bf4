import { type Plan, type Step } from '@apwa/contracts';
import { type Built, buildFor } from './build.js';
import { chosenTables, isNamed } from './choose.js';
import { type Conversation, type Fault } from './conversation.js';
import { type Goal, readGoal } from './read-goal.js';
import { correct } from './repair.js';
import { type TableView } from './tables.js';
import { likeness, unique } from './words.js';

/** A plan to submit, or why there is none. */
export type Decision = { plan: Plan } | { reason: string };

/** More inputs than these are not worked on at once. */
const MOST_TABLES = 8;

/** The plan that a conversation leads to. */
export const decidePlan = (conversation: Conversation): Decision => {
  const { goal: text, rejections, requested } = conversation;
  if (text === '') return { reason: 'By rules, without a language model: there is no goal to plan for.' };
  const corrected = correct(conversation);
  const tables = corrected.tables.filter(({ columns }) => columns.length > 0);
  const columns = tables.flatMap((table) => table.columns);
  const goal = withHints(readGoal(text, columns), requested);
  const chosen = choose({ ...conversation, tables }, goal).slice(0, MOST_TABLES);
  if (chosen.length === 0)
    return {
      reason: `By rules, without a language model: no columns are known of any of the tables ${conversation.tables.map(({ name }) => name).join(', ')}, so no plan can be made.`,
    };
  const goals = chosen.map((table) =>
    chosen.length > 1
      ? withHints(
          readGoal(text, columns, (clause) => isAboutAnother(clause, table, chosen)),
          requested,
        )
      : goal,
  );
  const built = build(goals, chosen, tables, corrected.takenProperties);
  if (built.steps.length === 0)
    return {
      reason: `By rules, without a language model: no plan could be made for ${built.impossible.join(', ') || 'this goal'}. Tables: ${describe(tables)}.`,
    };
  const named = withRequestedIds({ version: 1, steps: saying(built), outputs: built.outputs }, requested, conversation.inputs);
  const unmet = requested.filter((id) => !named.steps.some((step) => step.id === id));
  if (unmet.length > 0)
    return {
      reason: `By rules, without a language model: a file of ${unmet.join(', ')} is asked for, and the goal gives no such table; it gives ${built.outputs.join(', ')}.`,
    };
  if (rejections.some(({ plan }) => JSON.stringify(plan) === JSON.stringify(named)))
    return { reason: gaveUp(rejections.at(-1)?.faults ?? []) };
  return { plan: named };
};

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

/** The steps, the first of which tells what of the goal was left out. */
const saying = ({ steps, impossible }: Built): Step[] => {
  const [first, ...others] = steps;
  if (!first || impossible.length === 0) return steps;
  const description = `${first.description ?? ''}. Left out, because no rule fits: ${impossible.join(', ')}`.slice(0, MOST_DESCRIPTION);
  return [{ ...first, description }, ...others];
};
/** As plans have it. */
const MOST_DESCRIPTION = 500;

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

const gaveUp = (faults: readonly Fault[]): string =>
  `By rules, without a language model: the plan was not accepted, and the rules know no other way. What could not be corrected: ${
    faults
      .slice(0, 5)
      .map(({ field, message, value }) => `${field} ${message}${value === undefined ? '' : ` (${JSON.stringify(value)})`}`)
      .join('; ') || 'no fault was named'
  }.`;

/** Pure aggregates go to the table that has the columns which they name. */
const choose = (conversation: Conversation, goal: Goal): TableView[] => {
  const named = chosenTables(conversation);
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
  const most = Math.max(...conversation.tables.map(fitting));
  if (named.length > 0 && named.every((table) => fitting(table) === most)) return named;
  return conversation.tables.filter((table) => fitting(table) === most).slice(0, 1);
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

/** Steps get the ids whose files are asked for: the most alike first, the others in the order of the results. */
const withRequestedIds = (plan: Plan, requested: readonly string[], inputs: readonly string[]): Plan => {
  const renamed = new Map<string, string>();
  const open = requested.filter((id) => !plan.steps.some((step) => step.id === id));
  const free = plan.outputs.filter((id) => !requested.includes(id));
  for (const rank of [3, 2, 1, 0]) {
    for (const id of [...open]) {
      const match = free.find((output) => likeness(output, id) === rank || (rank === 0 && !renamed.has(output)));
      if (match === undefined) continue;
      renamed.set(match, id);
      free.splice(free.indexOf(match), 1);
      open.splice(open.indexOf(id), 1);
    }
  }
  if (renamed.size === 0) return plan;
  const taken = new Set([...inputs, ...requested]);
  for (const { id } of plan.steps) if (!renamed.has(id) && !requested.includes(id)) renamed.set(id, unique(id, taken));
  const name = (id: string) => renamed.get(id) ?? id;
  const steps = plan.steps.map((step) => {
    const id = name(step.id);
    switch (step.kind) {
      case 'map':
      case 'split':
      case 'reduce':
        return { ...step, id, input: name(step.input) };
      case 'sql': {
        const query = step.inputs.reduce((text, table) => renameTable(text, table, name(table)), step.query);
        return { ...step, id, inputs: step.inputs.map(name), query };
      }
      case 'table':
        return { ...step, id };
    }
  });
  return { ...plan, steps, outputs: plan.outputs.map(name) };
};

const renameTable = (query: string, from: string, to: string): string => query.replace(new RegExp(`(?<=\\bFROM )${from}\\b`, 'g'), to);
