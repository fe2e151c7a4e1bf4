import { type Answer, type ChatRequest } from '../server/chat.js';
import { chosenTables, needsPreview } from './choose.js';
import { type Conversation, askedBefore, readConversation } from './conversation.js';
import { finish } from './finish.js';
import { correct } from './repair.js';
import { explained, planBy } from './rules/rules.js';
import { type Ask, type Refusal, type Situation } from './rules/rule.js';
import { isText } from './tables.js';

/** Whether the caller is a manager that wants a plan. */
export const isPlanning = ({ tools }: ChatRequest): boolean => tools?.some(({ function: { name } }) => name === 'submit_plan') ?? false;

/** Whether the caller is a manager that shows how a run goes. */
export const isAmending = ({ tools }: ChatRequest): boolean => tools?.some(({ function: { name } }) => name === 'keep_plan') ?? false;

/** Rules see nothing in results that they did not see before: every run goes on as it would have. */
export const amendNext = (): Answer => call('keep_plan', { reason: 'The offline model answers by rules, and amends no plan.' });

const call = (name: string, given: object): Answer => ({ kind: 'tool_call', name, arguments: JSON.stringify(given) });

/** A tool that did not tell what was hoped for is not asked a third time. */
const MOST_CALLS = 2;

/**
 * The next turn of planning, told by the conversation alone: look at the tables that the goal is about and at what else its rule asks
 * for, submit a plan, correct it by the faults that come back, or decline and say what could be planned.
 */
export const planNext = (request: ChatRequest): Answer => {
  const conversation = readConversation(request);
  const offered = new Set(request.tools?.map(({ function: { name } }) => name));
  const look = lookAt(conversation, offered);
  if (look) return look;
  const situation = situationOf(conversation, offered);
  const outcome = planBy(situation);
  if ('ask' in outcome) return call(outcome.ask.tool, outcome.ask.arguments);
  const decided = 'built' in outcome ? finish(outcome.built, situation, conversation.rejections) : outcome;
  return 'plan' in decided ? call('submit_plan', { plan: decided.plan }) : decline(decided.refusal, offered);
};

const decline = (refusal: Refusal, offered: ReadonlySet<string>): Answer => {
  const { reason, missing } = explained(refusal);
  return offered.has('decline_task') ? call('decline_task', { reason, missing }) : { kind: 'text', text: `${reason} ${missing}` };
};

const situationOf = (conversation: Conversation, offered: ReadonlySet<string>): Situation => {
  const { tables, takenProperties } = correct(conversation);
  const { goal, inputs, requested, fetchHosts } = conversation;
  const answer = (ask: Ask): unknown => (offered.has(ask.tool) ? askedBefore(conversation, ask) : null);
  return { goal, inputs, requested, fetchHosts, takenProperties, tables: tables.filter(({ columns }) => columns.length > 0), answer };
};

/** The next question about the tables; null if enough is known. */
const lookAt = (conversation: Conversation, offered: ReadonlySet<string>): Answer | null => {
  const { tables, described, calls, inputs } = conversation;
  const may = (tool: string, key = tool) => offered.has(tool) && (calls.get(key) ?? 0) < MOST_CALLS;
  if (inputs.length > 0 && tables.every(({ columns }) => columns.length === 0) && may('list_tables')) return call('list_tables', {});
  const candidates = tables.length <= MOST_DESCRIBED ? tables : chosenTables(conversation).slice(0, MOST_DESCRIBED);
  for (const { name } of candidates) {
    if (!described.has(name) && may('describe_table', `describe_table ${name}`)) return call('describe_table', { table: name });
  }
  for (const table of chosenTables(conversation).slice(0, MOST_DESCRIBED)) {
    const unseen = needsPreview(table) && table.columns.some(isText);
    if (unseen && (calls.get(`preview_rows ${table.name}`) ?? 0) === 0 && may('preview_rows', `preview_rows ${table.name}`)) {
      return call('preview_rows', { table: table.name, count: PREVIEW_ROWS });
    }
  }
  return null;
};

const MOST_DESCRIBED = 4;
const PREVIEW_ROWS = 10;
