import { type JsonSchema, type MapStep, type Step } from '@apwa/contracts';
import { chosenTables, readColumns } from '../choose.js';
import { clausesOf } from '../clauses.js';
import { quoted } from '../sql.js';
import { type ColumnView, type TableView, isText } from '../tables.js';
import { nameOf, unique } from '../words.js';
import { outputOf } from './fields.js';
import { type Built, type Rule, type Situation } from './rule.js';

/** What a goal says of a review. */
interface ReviewGoal {
  /** What to look for, in the goal's words; empty: nothing said. */
  focus: string;
  /** How bad a row is: `severity`. */
  score: string;
  least: number;
  most: number;
  /** Whether single findings are ranked, and not rows. */
  ofFindings: boolean;
  /** Of the ranking, so many. */
  first: number | null;
  report: boolean;
}

const REVIEW = /^(?:review|audit|inspect|critique|proofread|examine|assess)\b/i;
const RANK = /\b(?:rank\w*|worst|most (?:important|severe|urgent|serious|critical)|order(?:ed)? by|sort(?:ed)? by|prioriti[sz]\w*)\b/i;
const SCORE = /\b(severity|importance|urgency|risk|priority|seriousness|impact)\b/i;
const MOST = /\bmost (severe|important|urgent|serious)\b/i;
const NOUNS: Readonly<Record<string, string>> = { severe: 'severity', important: 'importance', urgent: 'urgency', serious: 'seriousness' };
const SCALE = /\b(\d+)\s*(?:to|-|–)\s*(\d+)\b/;
const FIRST = /\b(?:top|first|worst) (\d+)\b|\b(\d+|three|five|ten|twenty) (?:most|worst|gravest)\b/i;
const NUMBERS: Readonly<Record<string, number>> = { three: 3, five: 5, ten: 10, twenty: 20 };
const FINDINGS = /\b(?:rank(?:ing)?|list|most \w+)\b[^.]*\b(?:findings|faults|bugs|problems|issues|defects|mistakes)\b/i;
const REPORT = /\b(?:one page|a page|report|overview|what to (?:mend|fix|do|change|improve) first|recommend\w*)\b/i;

/** Rows that are reviewed one by one, ranked by a query, and made a page of. */
export const review: Rule = {
  plans: 'reviews ("review each file for …, rank the files by severity, and write one page on what to mend first")',
  apply: (situation) => {
    const wanted = readReview(situation.goal);
    const [table] = chosenTables(situation);
    const [text] = table ? readColumns(table, '') : [];
    if (!wanted || !table || !text || !isText(text)) return null;
    return { built: build(wanted, table, text, situation) };
  },
};

const readReview = (goal: string): ReviewGoal | null => {
  const clause = clausesOf(goal).find((one) => REVIEW.test(one));
  if (clause === undefined || !RANK.test(goal)) return null;
  const scale = SCALE.exec(goal);
  const first = FIRST.exec(goal);
  const count = (first?.[1] ?? first?.[2] ?? '').toLowerCase();
  return {
    focus: /(?::|\bfor\b|\blook(?:ing)? for\b|\bwith regard to\b)\s*(.+)$/i.exec(sentenceOf(goal, clause))?.[1]?.trim() ?? '',
    score: SCORE.exec(goal)?.[1]?.toLowerCase() ?? NOUNS[MOST.exec(goal)?.[1]?.toLowerCase() ?? ''] ?? 'severity',
    least: Number(scale?.[1] ?? 0),
    most: Number(scale?.[2] ?? 4),
    ofFindings: FINDINGS.test(goal),
    first: count === '' ? null : (NUMBERS[count] ?? Number(count)),
    report: REPORT.test(goal),
  };
};

/** The sentence that a clause stands in, as far as it says nothing of an order. */
const sentenceOf = (goal: string, clause: string): string => {
  const sentence = goal.split(/(?<=[.!?])\s+/).find((one) => one.includes(clause.slice(0, 30))) ?? clause;
  return sentence.replace(/[,;]?\s*(?:(?:and|then)\s+)*(?:rank|order|sort|prioriti[sz]e)\b.*$/i, '').replace(/[.!?\s]+$/, '');
};

const KEY = /(?:^|_)(?:path|file|filename|name|title|id|key|url)$/i;

const build = (wanted: ReviewGoal, table: TableView, text: ColumnView, { takenProperties }: Situation): Built => {
  const own = table.columns.map(({ name }) => name).filter((name) => !name.startsWith('_'));
  const taken = new Set([table.name.toLowerCase()]);
  const names = new Set([...own, ...takenProperties].map((name) => name.toLowerCase()));
  const property = { summary: unique('summary', names), findings: unique('findings', names), score: unique(nameOf(wanted.score), names) };
  const key = table.columns.find((column) => KEY.test(column.name) && column !== text)?.name ?? null;
  const sized: Step = {
    id: unique('with_text', taken),
    kind: 'sql',
    description: 'What has something in it',
    inputs: [table.name],
    query: `SELECT ${own.map(quoted).join(', ')} FROM ${quoted(table.name)} WHERE trim(${quoted(text.name)}) <> ''`,
  };
  const map = reviewStep(unique('reviewed', taken), sized.id, { wanted, property, text, key });
  const shown = key === null ? ['_row AS row'] : [quoted(key)];
  const label = key ?? 'row';
  const ranking: Step = {
    id: unique('ranking', taken),
    kind: 'sql',
    description: wanted.ofFindings ? 'The findings, the worst first' : 'The worst first',
    inputs: [map.id],
    query: wanted.ofFindings ? findingsQuery(map.id, shown, label, wanted, property) : rowsQuery(map.id, shown, label, wanted, property),
  };
  const steps: Step[] = [sized, map, ranking];
  const outputs = [ranking.id];
  if (wanted.report) {
    const columns = [label, property.score, wanted.ofFindings ? 'finding' : property.findings];
    const id = unique('report', taken);
    steps.push({
      id,
      kind: 'reduce',
      description: 'The findings of all on a page',
      input: ranking.id,
      orderBy: ['rank', label],
      columns,
      template: {
        mode: 'llm',
        instructions: `Which of these findings would you mend first, and why? Say with each where it is from. Findings, the worst first: {{items}}`,
        output: outputOf({ summary: { type: 'string' } }),
      },
    });
    outputs.push(id);
  }
  return { steps, outputs: [...outputs, map.id], impossible: [] };
};

interface Properties {
  summary: string;
  findings: string;
  score: string;
}

const limitOf = ({ first }: ReviewGoal): string => (first === null ? '' : ` LIMIT ${first}`);

const rowsQuery = (from: string, shown: string[], label: string, wanted: ReviewGoal, { score, findings }: Properties): string =>
  `SELECT rank() OVER (ORDER BY ${quoted(score)} DESC, len(${quoted(findings)}) DESC) AS rank, ${shown.join(', ')}, ${quoted(score)}, ${quoted(findings)} FROM ${from} WHERE _status = 'ok' ORDER BY rank, ${quoted(label)}${limitOf(wanted)}`;

const findingsQuery = (from: string, shown: string[], label: string, wanted: ReviewGoal, { score, findings }: Properties): string =>
  `SELECT rank() OVER (ORDER BY found.${score} DESC) AS rank, ${label === 'row' ? 'row' : quoted(label)}, found.finding AS finding, found.${score} AS ${quoted(score)} FROM (SELECT ${shown.join(', ')}, unnest(${quoted(findings)}) AS found FROM ${from} WHERE _status = 'ok') ORDER BY rank, ${quoted(label)}${limitOf(wanted)}`;

const reviewStep = (
  id: string,
  input: string,
  { wanted, property, text, key }: { wanted: ReviewGoal; property: Properties; text: ColumnView; key: string | null },
): MapStep => {
  const score: JsonSchema = {
    type: 'integer',
    minimum: wanted.least,
    maximum: wanted.most,
    description: `${wanted.least}: nothing is wrong; ${wanted.most}: the worst`,
  };
  const finding: JsonSchema = wanted.ofFindings ? outputOf({ finding: { type: 'string' }, [property.score]: score }) : { type: 'string' };
  const findings: JsonSchema = {
    type: 'array',
    maxItems: MOST_FINDINGS,
    items: finding,
    description: 'What is wrong and where, the worst first',
  };
  const focus = wanted.focus === '' ? '' : ` Look for ${wanted.focus}.`;
  const which = key === null ? '' : ` It is {{${key}}}.`;
  return {
    id,
    kind: 'map',
    description: 'What is wrong with each',
    input,
    template: {
      mode: 'llm',
      instructions: `Review this text as somebody who knows its kind well.${focus.replace(/\{\{|\}\}/g, ' ')}${which} The text: {{${text.name}}}`,
      output: outputOf({
        [property.summary]: { type: 'string', description: 'What it is, in a sentence' },
        [property.findings]: findings,
        ...(wanted.ofFindings ? {} : { [property.score]: score }),
      }),
    },
  };
};

const MOST_FINDINGS = 5;
