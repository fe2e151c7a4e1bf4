import { columnMeant } from './choose.js';
import { type Property, propertyMeant } from './properties.js';
import { quoted } from './sql.js';
import { type ColumnView, isDate, isNumber } from './tables.js';
import { type Aggregate } from './wishes.js';
import { nameOf, stemsOfPhrase, unique } from './words.js';

/** What an aggregate may be made of. */
export interface Source {
  /** The table that it reads. */
  table: string;
  columns: readonly ColumnView[];
  properties: readonly Property[];
  /** Conditions that hold for every row of it. */
  where: readonly string[];
}

/** A SELECT, or what of the wish has no counterpart in the source. */
export type AggregateSql = { query: string; name: string } | { missing: string; measure: boolean };

interface Key {
  name: string;
  expression: string;
  /** A list that has to be taken apart before its elements can be grouped. */
  list: Property | null;
}

const PERIODS = /^(?:day|week|month|quarter|year)$/;

const keyFor = (phrase: string, { columns, properties }: Source): Key | null => {
  const property = propertyMeant(phrase, properties);
  const column = columnMeant(phrase, columns);
  const exact = column && stemsOfPhrase(column.name).join() === stemsOfPhrase(phrase).join();
  if (column && (exact || !property)) return { name: column.name, expression: quoted(column.name), list: null };
  if (property?.shape === 'entities') {
    const field = /\b(?:value|finding|entit|piece)/i.test(phrase) && !/\btypes?\b/i.test(phrase) ? 'value' : 'type';
    return { name: field, expression: `e.${field}`, list: property };
  }
  if (property?.shape === 'list') return { name: property.name.replace(/(?<=[^su])s$/, ''), expression: 'e', list: property };
  if (property) return { name: property.name, expression: quoted(property.name), list: null };
  const period = phrase.toLowerCase().trim();
  const dates = columns.filter(isDate);
  if (PERIODS.test(period) && dates[0])
    return { name: period, expression: `date_trunc('${period}', ${quoted(dates[0].name)})`, list: null };
  return null;
};

/** Words that stand for the rows themselves. */
const ROW_WORDS = /^(?:|it|them|these|those|rows?|records?|entries|lines?|ones?|all|each|how many|results?)$/i;

/** Without "by": findings by their type, labels by the label. */
const defaultKeys = ({ what, by, function: name }: Aggregate, source: Source): string[] => {
  if (by.length > 0 || name !== 'count') return by;
  const labels = source.properties.find(({ wish }) => wish.kind === 'label');
  if (labels && !source.properties.some(({ wish }) => wish.kind === 'question')) return [labels.name];
  const list = source.properties.find(
    ({ shape, name: own }) => shape === 'list' && stemsOfPhrase(what).some((stem) => stemsOfPhrase(own).includes(stem)),
  );
  return list ? [list.name] : [];
};

export const aggregateSql = (wish: Aggregate, source: Source): AggregateSql => {
  const keys: Key[] = [];
  for (const phrase of defaultKeys(wish, source)) {
    const key = keyFor(phrase, source);
    if (!key) return { missing: phrase, measure: false };
    keys.push(key);
  }
  const measure = measureOf(wish, source, keys);
  if (measure === null) return { missing: wish.what, measure: true };
  const taken = new Set<string>();
  const names = keys.map(({ name }) => unique(name, taken));
  const value = unique(measure.name, taken);
  const list = keys.find((key) => key.list !== null)?.list ?? measure.list;
  const shown = keys.map(({ expression }, index) =>
    expression === quoted(names[index] as string) ? expression : `${expression} AS ${quoted(names[index] as string)}`,
  );
  const where = [...source.where];
  const from = list
    ? `(SELECT *, unnest(${quoted(list.name)}) AS e FROM ${quoted(source.table)}${whereClause(where)})`
    : `${quoted(source.table)}${whereClause(where)}`;
  const group = keys.length > 0 ? ` GROUP BY ${keys.map((_, index) => index + 1).join(', ')}` : '';
  const order =
    keys.length > 0 ? ` ORDER BY ${quoted(value)} ${wish.ascending ? 'ASC' : 'DESC'}, ${keys.map((_, index) => index + 1).join(', ')}` : '';
  const limit = wish.most !== null && keys.length > 0 ? ` LIMIT ${wish.most}` : '';
  const query = `SELECT ${[...shown, `${measure.expression} AS ${quoted(value)}`].join(', ')} FROM ${from}${group}${order}${limit}`;
  const name = keys.length > 0 ? `by_${keys.map((key) => nameOf(key.name)).join('_and_')}` : measure.name === 'n' ? 'total' : measure.name;
  return { query, name };
};

const whereClause = (where: readonly string[]): string => (where.length > 0 ? ` WHERE ${where.join(' AND ')}` : '');

const measureOf = (
  { function: name, what }: Aggregate,
  source: Source,
  keys: readonly Key[],
): { name: string; expression: string; list: Property | null } | null => {
  const question = source.properties.find(({ wish }) => wish.kind === 'question');
  const entities = source.properties.find(({ shape }) => shape === 'entities');
  switch (name) {
    case 'count': {
      if (question) return { name: 'n', expression: `count(*) FILTER (WHERE ${quoted(question.name)})`, list: null };
      const counted = ROW_WORDS.test(what.trim()) ? null : propertyMeant(what, source.properties);
      const isList = counted === entities || counted?.shape === 'list';
      return { name: 'n', expression: 'count(*)', list: isList && !keys.some(({ list }) => list) ? (counted ?? null) : null };
    }
    case 'distinct': {
      const key = keyFor(what, source);
      return key ? { name: `distinct_${nameOf(key.name)}`, expression: `count(DISTINCT ${key.expression})`, list: key.list } : null;
    }
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
    case 'median': {
      const orderable = name === 'min' || name === 'max';
      const column = columnMeant(what, source.columns, (item) => isNumber(item) || (orderable && isDate(item)));
      const property = source.properties.find((item) => isNumeric(item) && propertyMeant(what, [item]));
      const found = column?.name ?? property?.name;
      return found === undefined ? null : { name: `${name}_${nameOf(found)}`, expression: `${name}(${quoted(found)})`, list: null };
    }
  }
};

const isNumeric = ({ wish }: Property): boolean => wish.kind === 'score' || (wish.kind === 'field' && wish.type === 'number');
