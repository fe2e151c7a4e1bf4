import { z } from 'zod';
import { type ChatRequest, type ToolCall, textOf } from '../server/chat.js';
import { parseLoosely } from './loose-json.js';
import { type Ask } from './rules/rule.js';
import { type TableView, dataOf, readDescription, readListing, readPreview, withFigures, withLengths } from './tables.js';

/** What is wrong with a submitted plan, as the manager says it. */
const Fault = z.looseObject({ field: z.string(), message: z.string(), value: z.unknown().optional(), allowed: z.unknown().optional() });
export type Fault = z.infer<typeof Fault>;

/** What the conversation with the manager has shown so far. */
export interface Conversation {
  goal: string;
  /** Ids that steps must have, because files of them are asked for. */
  requested: string[];
  /** Names of the run's inputs, as the task gives them. */
  inputs: string[];
  tables: TableView[];
  /** How often each tool was called: `list_tables`, `describe_table messages`. */
  calls: Map<string, number>;
  /** Tables of which figures are known. */
  described: Set<string>;
  rejections: { plan: unknown; faults: Fault[] }[];
  /** What each call was answered, by tool and arguments; null where that tells nothing. */
  answers: Map<string, unknown>;
  /** Hosts that `builtin:fetch` may read, as the manager says. */
  fetchHosts: string[];
}

const FETCH_HOSTS = /builtin:fetch reads pages of these hosts alone: (.+)\./;
const INPUTS = /\n\nInput tables: ([^\n]*?)\.(?=\n\n|$)/;
const REQUESTED = /\n\nFiles of these steps are asked for by name[^:]*: ([^\n]*?)\.?$/;

/** The task as the first user message puts it. A goal may hold such lines itself: the last ones are the manager's. */
const readTask = (message: string): Pick<Conversation, 'goal' | 'requested' | 'inputs'> => {
  const end = message.lastIndexOf('\n\nInput tables: ');
  const tail = end < 0 ? '' : message.slice(end);
  const namesIn = (pattern: RegExp) =>
    [...(pattern.exec(tail)?.[1] ?? '').matchAll(/([a-z][a-z0-9_]*) \([^)]*\)/g)].map(([, name]) => name as string);
  const goal = (end < 0 ? message : message.slice(0, end)).replace(/^The person's task:\n/, '').trim();
  return { goal, inputs: namesIn(INPUTS), requested: namesIn(REQUESTED) };
};

export const readConversation = ({ messages }: ChatRequest): Conversation => {
  const task = readTask(textOf(messages.find(({ role }) => role === 'user')));
  const system = textOf(messages.find(({ role }) => role === 'system'));
  const conversation: Conversation = {
    ...task,
    tables: [],
    calls: new Map(),
    described: new Set(),
    rejections: [],
    answers: new Map(),
    fetchHosts: FETCH_HOSTS.exec(system)?.[1]?.split(', ') ?? [],
  };
  const answers = new Map(
    messages.flatMap((message) => (message.role === 'tool' ? [[message.tool_call_id, textOf(message)] as const] : [])),
  );
  for (const call of messages.flatMap(({ tool_calls: calls }) => calls ?? [])) take(conversation, call, answers.get(call.id) ?? '');
  if (conversation.tables.length === 0) conversation.tables = task.inputs.map((name) => ({ name, rows: 0, columns: [] }));
  return conversation;
};

const keyOf = (tool: string, given: object): string => `${tool} ${JSON.stringify(given)}`;

/** What a question was answered; undefined if it was not asked yet. */
export const askedBefore = ({ answers }: Conversation, { tool, arguments: given }: Ask): unknown => answers.get(keyOf(tool, given));

const take = (conversation: Conversation, call: ToolCall, answer: string): void => {
  const given = (parseLoosely(call.function.arguments) ?? {}) as { table?: unknown; plan?: unknown };
  const table = typeof given.table === 'string' ? given.table : null;
  const key = table === null ? call.function.name : `${call.function.name} ${table}`;
  conversation.calls.set(key, (conversation.calls.get(key) ?? 0) + 1);
  conversation.answers.set(keyOf(call.function.name, given), dataOf(answer) ?? null);
  const change = (update: (view: TableView) => TableView) => {
    conversation.tables = conversation.tables.map((view) => (view.name === table ? update(view) : view));
  };
  switch (call.function.name) {
    case 'list_tables':
      conversation.tables = readListing(answer) ?? conversation.tables;
      break;
    case 'describe_table': {
      const columns = readDescription(answer);
      if (columns && table !== null) {
        if (!conversation.tables.some(({ name }) => name === table)) conversation.tables.push({ name: table, rows: 0, columns: [] });
        conversation.described.add(table);
        change((view) => withFigures(view, columns));
      }
      break;
    }
    case 'preview_rows': {
      const rows = readPreview(answer);
      if (rows) change((view) => withLengths(view, rows));
      break;
    }
    case 'submit_plan': {
      const faults = z.looseObject({ faults: z.array(Fault) }).safeParse(parseLoosely(answer.slice(answer.indexOf('{'))));
      conversation.rejections.push({ plan: given.plan, faults: faults.success ? faults.data.faults : [] });
      break;
    }
  }
};
