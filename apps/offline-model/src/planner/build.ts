import { type MapStep, type SqlStep, type Step } from '@apwa/contracts';
import { type AggregateSql, type Source, aggregateSql } from './aggregate-sql.js';
import { columnMeant, readColumns } from './choose.js';
import { type Goal } from './read-goal.js';
import { type Property, propertiesFor } from './properties.js';
import { quoted, whereOf } from './sql.js';
import { type Built } from './rules/rule.js';
import { type ColumnView, type TableView } from './tables.js';
import { type Aggregate, type PropertyWish, type TableWish, isPropertyWish } from './wishes.js';
import { nameOf, unique } from './words.js';

export interface BuildContext {
  goal: Goal;
  /** Names that steps can't have. */
  taken: Set<string>;
  /** Ends the ids where several inputs are worked on. */
  suffix: string;
  /** Names that properties can't have, besides those of the input's columns. */
  takenProperties: ReadonlySet<string>;
}

const MAP_NAMES: Record<PropertyWish['kind'], string> = {
  entities: 'findings',
  redaction: 'checked',
  label: 'classified',
  field: 'extracted',
  summary: 'summaries',
  question: 'judged',
  score: 'scored',
  answer: 'answers',
};

/** The plan for one input table. */
export const buildFor = (table: TableView, { goal, taken, suffix, takenProperties }: BuildContext): Built => {
  const id = (name: string) => unique(nameOf(`${name}${suffix}`, 'result'), taken);
  const wishes = goal.wishes.filter(isPropertyWish);
  const tableWishes = goal.wishes.filter((wish): wish is TableWish => !isPropertyWish(wish));
  const { where, impossible: unkept } = whereOf(goal.conditions, table.columns);
  const impossible = unkept.map(({ column, operator, value }) => `the condition ${column} ${operator} ${value}`);
  const plain: Source = { table: table.name, columns: table.columns, properties: [], where };
  if (wishes.length === 0) {
    const asked = tableWishes.flatMap((wish) => (wish.kind === 'aggregate' ? missingOf(wish, plain) : []));
    wishes.push(...asked);
  }
  if (wishes.length === 0) return { ...withoutModel(tableWishes, plain, id), impossible };

  const steps: Step[] = [];
  let input = table.name;
  if (where.length > 0) {
    input = id('selected');
    const query = `SELECT * FROM ${quoted(table.name)} WHERE ${where.join(' AND ')}`;
    steps.push({ id: input, kind: 'sql', description: 'The rows that the task is about', inputs: [table.name], query });
  }
  const used = new Set([...table.columns.map(({ name }) => name.toLowerCase()), ...[...takenProperties].map((name) => name.toLowerCase())]);
  const wanted = [...wishes, ...tableWishes.flatMap((wish) => missingFor(wish, wishes, plain))];
  const properties = propertiesFor(wanted, used);
  const read = readColumns(table, goal.text);
  const map = mapStep(id(mapName(wanted)), input, read, properties, goal);
  steps.push(map);
  const rest = behind(map, { table, tableWishes, properties, read, id, wantsRows: goal.wantsRows });
  return { steps: [...steps, ...rest.steps], outputs: rest.outputs, impossible: [...impossible, ...rest.impossible] };
};

const mapName = (wishes: readonly PropertyWish[]): string => {
  const main = wishes.find(({ kind }) => kind === 'entities') ?? wishes[0];
  if (!main) return 'result';
  return main.kind === 'answer' && main.name !== 'answer' ? `${main.name}s` : MAP_NAMES[main.kind];
};

/** Properties that an aggregate needs and nobody asked for by themselves: "count the messages by topic". */
const missingFor = (wish: TableWish, wishes: readonly PropertyWish[], plain: Source): PropertyWish[] =>
  wish.kind === 'aggregate' ? missingOf(wish, { ...plain, properties: propertiesFor(wishes, new Set()) }) : [];

const missingOf = (wish: Aggregate, source: Source): PropertyWish[] => {
  const added: PropertyWish[] = [];
  for (;;) {
    const properties = [...source.properties, ...propertiesFor(added, new Set())];
    const result: AggregateSql = aggregateSql(wish, { ...source, properties });
    if (!('missing' in result) || added.length > MOST_ADDED) return added;
    const name = nameOf(result.missing);
    if (added.some((one) => 'name' in one && one.name === name)) return added;
    if (result.measure) added.push({ kind: 'field', name, type: wish.function === 'distinct' ? 'text' : 'number', phrase: result.missing });
    else if (/^(?:sentiment|tone|mood)$/.test(name))
      added.push({ kind: 'label', name: 'sentiment', labels: ['positive', 'neutral', 'negative'], phrase: 'the sentiment of the text' });
    else added.push({ kind: 'label', name, labels: [], phrase: `the ${result.missing} of the text` });
  }
};
const MOST_ADDED = 5;

const mapStep = (id: string, input: string, read: readonly ColumnView[], properties: readonly Property[], goal: Goal): MapStep => {
  const also = goal.rest.length > 0 ? `\nThe task says besides: ${goal.rest.join('. ')}.` : '';
  const said = `Read the text below and answer with these properties:\n${properties.map(({ sentence }) => `- ${sentence}`).join('\n')}${also}`;
  const columns = read.map(({ name }) => (read.length === 1 ? `Text:\n{{${name}}}` : `{{${name}}}`)).join('\n');
  const instructions = `${withoutBraces(said).slice(0, MOST_INSTRUCTIONS)}\n\n${columns}`;
  const output = {
    type: 'object',
    additionalProperties: false,
    required: properties.map(({ name }) => name),
    properties: Object.fromEntries(properties.map(({ name, schema }) => [name, schema])),
  };
  return { id, kind: 'map', description: descriptionOf(properties), input, template: { mode: 'llm', instructions, output } };
};

/** Of a longer goal, the beginning goes into the instructions. */
const MOST_INSTRUCTIONS = 20_000;
const withoutBraces = (text: string): string => text.replace(/\{\{|\}\}/g, ' ');
const descriptionOf = (properties: readonly Property[]): string =>
  `For each row: ${properties.map(({ name }) => name).join(', ')}`.slice(0, 400);

interface Behind {
  table: TableView;
  tableWishes: readonly TableWish[];
  properties: readonly Property[];
  read: readonly ColumnView[];
  id: (name: string) => string;
  wantsRows: boolean;
}

/** The SQL steps behind a map, and which of all tables are the results. */
const behind = (map: MapStep, { table, tableWishes, properties, read, id, wantsRows }: Behind): Built => {
  const steps: SqlStep[] = [];
  const impossible: string[] = [];
  const add = (name: string, description: string, query: string): string => {
    const step: SqlStep = { id: id(name), kind: 'sql', description, inputs: [map.id], query };
    steps.push(step);
    return step.id;
  };
  const ok = `_status = 'ok'`;
  const results: string[] = [];
  const kept = properties.find(({ wish }) => wish.kind === 'question' && wish.keep);
  if (kept) {
    const shown = [...table.columns.map(({ name }) => name), ...properties.filter((property) => property !== kept).map(({ name }) => name)];
    results.push(
      add(
        'matching',
        'The rows of which it can be said',
        `SELECT ${shown.map(quoted).join(', ')} FROM ${map.id} WHERE ${ok} AND ${quoted(kept.name)} ORDER BY _row`,
      ),
    );
  }
  const redacted = properties.find(({ wish }) => wish.kind === 'redaction');
  if (redacted) {
    const shown = [...table.columns.filter((column) => !read.includes(column)).map(({ name }) => name), redacted.name];
    results.push(
      add(
        'redacted',
        'Every text with the values replaced',
        `SELECT ${shown.map(quoted).join(', ')} FROM ${map.id} WHERE ${ok} ORDER BY _row`,
      ),
    );
  }
  const onlyRedacted = properties.every(({ wish }) => wish.kind === 'redaction');
  const source: Source = { table: map.id, columns: table.columns, properties, where: kept ? [ok, quoted(kept.name)] : [ok] };
  const counted: string[] = [];
  for (const wish of tableWishes) {
    const made = tableSql(wish, source);
    if ('impossible' in made) impossible.push(made.impossible);
    else counted.push(add(made.name, 'Counted and grouped', made.query));
  }
  const main = kept || (onlyRedacted && results.length > 0) ? [] : [map.id];
  const outputs = wantsRows || counted.length === 0 ? [...main, ...results, ...counted] : [...counted, ...main, ...results];
  return { steps, outputs, impossible };
};

/** The steps of a goal that needs no reading. */
const withoutModel = (wishes: readonly TableWish[], source: Source, id: (name: string) => string): Pick<Built, 'steps' | 'outputs'> => {
  const steps = wishes.flatMap((wish): SqlStep[] => {
    const made = tableSql(wish, source);
    return 'impossible' in made
      ? []
      : [{ id: id(made.name), kind: 'sql', description: 'Told by the columns alone', inputs: [source.table], query: made.query }];
  });
  return { steps, outputs: steps.map((step) => step.id) };
};

const tableSql = (wish: TableWish, source: Source): { name: string; query: string } | { impossible: string } => {
  const where = source.where.length > 0 ? ` WHERE ${source.where.join(' AND ')}` : '';
  const from = `${quoted(source.table)}${where}`;
  switch (wish.kind) {
    case 'aggregate': {
      const made = aggregateSql(wish, source);
      return 'missing' in made ? { impossible: `${wish.function} of "${made.missing}"` } : made;
    }
    case 'sorting': {
      const column =
        columnMeant(wish.by, source.columns)?.name ??
        source.properties.find(({ name }) => columnMeant(wish.by, [{ name, type: '' }]))?.name;
      if (column === undefined) return { impossible: `sorting by "${wish.by}"` };
      return {
        name: 'sorted',
        query: `SELECT * FROM ${from} ORDER BY ${quoted(column)} ${wish.descending ? 'DESC' : 'ASC'}${wish.most === null ? '' : ` LIMIT ${wish.most}`}`,
      };
    }
    case 'distinct': {
      const columns = source.columns.map(({ name }) => quoted(name));
      return { name: 'without_duplicates', query: `SELECT DISTINCT ${columns.join(', ') || '*'} FROM ${from}` };
    }
  }
};
