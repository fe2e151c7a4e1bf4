import { type JsonSchema, type MapStep, type Step } from '@apwa/contracts';
import { z } from 'zod';
import { chosenTables, isNamed, readColumns } from '../../choose.js';
import { literal, quoted } from '../../sql.js';
import { nameOf, unique } from '../../words.js';
import { type Field, outputOf, schemaOf } from '../fields.js';
import { type Ask, type Built, type Refusal, type Rule, type Situation } from '../rule.js';
import { type ResearchGoal, readResearch } from './read-research.js';

const FETCH = 'builtin:fetch';
const SEARCH: Ask = { tool: 'search_capabilities', arguments: { query: 'search find pages site web' } };

/** Topics side by side, each by agents with what the registry offers to read pages with. */
export const research: Rule = {
  plans:
    'research of topics ("research these ten elements: …; for each say its …"), which the goal lists or a table has, by agents, where the registry has a search or pages may be fetched',
  apply: (situation) => {
    const wanted = readResearch(situation.goal);
    if (!wanted) return null;
    const topics = topicsOf(wanted, situation);
    if (!topics)
      return {
        refusal: {
          reason: 'the goal asks for research, and neither lists topics behind a colon nor names a table of them',
          missing: 'the topics: "research these: a, b and c"',
        },
      };
    const offered = situation.answer(SEARCH);
    if (offered === undefined) return { ask: SEARCH };
    const equipped = equipment(wanted, offered, situation.fetchHosts);
    return 'reason' in equipped ? { refusal: equipped } : { built: build(wanted, topics, equipped, situation.takenProperties) };
  },
};

/** What is read of: rows that the plan brings, or those of a table. */
type Topics = { table: string; column: string } | { listed: string[]; column: string };

const topicsOf = (wanted: ResearchGoal, { goal, tables }: Situation): Topics | null => {
  if (wanted.topics.length > 0) return { listed: wanted.topics, column: nameOf(wanted.thing, 'topic') };
  const [table] = chosenTables({ goal, tables });
  const column = table?.columns.find(({ name }) => isNamed(name, goal)) ?? (table && readColumns(table, goal)[0]);
  return table && column ? { table: table.name, column: column.name } : null;
};

const Found = z.looseObject({
  capabilities: z.array(
    z.looseObject({
      id: z.string(),
      description: z.string(),
      effects: z.string(),
      input: z.looseObject({ required: z.array(z.string()).optional() }),
    }),
  ),
});

interface Equipment {
  capabilities: string[];
  /** Whether pages are found by a search; else the agents begin at an address. */
  searches: boolean;
}

/** A search takes words and changes nothing. */
const QUERY = /^(?:q|query|search|terms?|keywords?|text|words)$/i;

const equipment = ({ start }: ResearchGoal, offered: unknown, fetchHosts: readonly string[]): Equipment | Refusal => {
  const { capabilities } = Found.safeParse(offered).data ?? { capabilities: [] };
  const search = capabilities.find(
    ({ id, description, effects, input: { required = [] } }) =>
      !id.startsWith('builtin:') &&
      effects === 'none' &&
      /\b(?:search|finds?|look)/i.test(`${id} ${description}`) &&
      required.length === 1 &&
      QUERY.test(required[0] ?? ''),
  );
  const fetch = fetchHosts.length > 0 ? [FETCH] : [];
  if (search) return { capabilities: [search.id, ...fetch], searches: true };
  if (start !== null && fetchHosts.some((host) => isAt(start, host))) return { capabilities: fetch, searches: false };
  return {
    reason:
      'the goal asks for research, and there is nothing to find pages with: the registry has no search that takes a query, and the goal names no address that builtin:fetch may read',
    missing:
      'a registered capability that searches (apwa capabilities add), or an address in the goal whose host stands in capabilities.fetchHosts',
  };
};

const isAt = (address: string, host: string): boolean =>
  URL.canParse(address) && [new URL(address).host, new URL(address).hostname].includes(host);

const build = (wanted: ResearchGoal, topics: Topics, equipped: Equipment, takenProperties: ReadonlySet<string>): Built => {
  const listed = 'listed' in topics;
  const taken = new Set(listed ? [] : [topics.table.toLowerCase()]);
  const steps: Step[] = [];
  const start = !equipped.searches && wanted.start !== null ? wanted.start : null;
  const { column } = topics;
  const input = listed || start !== null ? unique(nameOf(`${column}s`, 'topics'), taken) : topics.table;
  const description = 'What is to be found out about';
  if (listed) {
    const rows = topics.listed.map((topic) => ({ [column]: topic, ...(start === null ? {} : { start }) }));
    steps.push({ id: input, kind: 'table', description, rows });
  } else if (start !== null) {
    const query = `SELECT ${quoted(column)}, ${literal(start)} AS start FROM ${quoted(topics.table)}`;
    steps.push({ id: input, kind: 'sql', description, inputs: [topics.table], query });
  }
  const map = researchStep(unique('researched', taken), { input, column, start }, wanted, equipped, takenProperties);
  steps.push(map);
  const outputs: string[] = [map.id];
  if (wanted.disputed && wanted.agents > 1) {
    const id = unique('disputed', taken);
    const query = `SELECT ${quoted(column)}, replicas, url FROM ${map.id} WHERE _status = 'ok' AND replicas.agreement < 1`;
    steps.push({ id, kind: 'sql', description: 'What the agents do not agree about', inputs: [map.id], query });
    outputs.push(id);
  }
  if (wanted.report) {
    const id = unique('report', taken);
    const instructions = 'Write a report with a section for each of these, and name the page that it comes from: {{items}}';
    const columns = [column, ...propertiesOf(wanted.fields).map(([name]) => name)];
    steps.push({
      id,
      kind: 'reduce',
      description: 'One report of all',
      input: map.id,
      columns,
      template: { mode: 'llm', instructions, output: outputOf({ summary: { type: 'string' } }) },
    });
    outputs.unshift(id);
  }
  return { steps, outputs, impossible: [] };
};

/** What is asked of each topic; at least what there is to say, and always the page that says so. */
const propertiesOf = (fields: readonly Field[]): [string, JsonSchema][] => {
  const told = fields.filter(({ name }) => !/(?:^|_)(?:url|page|address|source|link)(?:_|$)/.test(name));
  const own = told.length > 0 ? told : [{ name: 'summary', phrase: 'What the pages say about it', type: 'text' as const }];
  return [
    ...own.map((field): [string, JsonSchema] => [field.name, schemaOf(field)]),
    ['url', { type: 'string', description: 'The page that says so' }],
  ];
};

interface Reading {
  input: string;
  column: string;
  start: string | null;
}

const researchStep = (
  id: string,
  { input, column, start }: Reading,
  wanted: ResearchGoal,
  equipped: Equipment,
  taken: ReadonlySet<string>,
): MapStep => {
  const names = new Set([column, ...taken].map((name) => name.toLowerCase()));
  const properties = Object.fromEntries(propertiesOf(wanted.fields).map(([name, schema]) => [unique(name, names), schema]));
  const way = start === null ? 'search for it, read the pages that you find' : 'read {{start}} and the pages that it links to';
  const votes = wanted.fields.some(({ type }) => type !== 'text' && type !== 'list');
  const count = wanted.agents;
  const replicas = votes
    ? { combine: 'majority' as const, count }
    : {
        combine: 'judge' as const,
        count,
        judge: { instructions: `Which of {{answers}} about {{${column}}} says most, and rests on a page?` },
      };
  return {
    id,
    kind: 'map',
    description: `What ${count > 1 ? `${count} agents` : 'an agent'} found out about each ${wanted.thing}`,
    input,
    template: {
      mode: 'agent',
      instructions: `Find out about the ${wanted.thing} {{${column}}}: ${way}, and answer from what stands there and nothing else; null for what no page says.`,
      capabilities: equipped.capabilities,
      output: outputOf(properties),
      ...(count > 1 ? { replicas } : {}),
      limits: { turns: MOST_TURNS },
      transcript: 'all',
    },
  };
};

const MOST_TURNS = 8;
