import { type ChatMessage, type JsonSchemaNode, textOf, type Tool } from '../server/chat.js';
import { fillSchema } from './fill.js';
import { type Slot, propertiesOf, requiredOf, slotOf } from './schema.js';
import { readFields, type Task } from './task.js';
import { shorten } from './text.js';

/** A call that an agent makes next. */
export interface AgentCall {
  name: string;
  arguments: string;
}

/** Characters of what is searched for. */
const MOST_QUERY = 200;
const URL_TEXT = /https?:\/\/[^\s"'<>\\)\]]+/g;

/** The messages since the agent was asked. */
const since = (messages: readonly ChatMessage[]): readonly ChatMessage[] =>
  messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);

/** A tool with which a task is given back needs nothing but a reason: the rules give none back. */
const isGivingUp = ({ function: { parameters } }: Tool): boolean => {
  const required = parameters?.required;
  return Array.isArray(required) && required.length === 1 && required[0] === 'reason';
};

/**
 * The next call of an agent: each tool is called once, in their order, as soon as the row or what came back so far gives its
 * arguments. Null: it has seen what there is, and answers.
 */
export const nextCall = (tools: readonly Tool[], messages: readonly ChatMessage[], task: Task): AgentCall | null => {
  const turns = since(messages);
  const called = new Set(turns.flatMap(({ tool_calls: calls }) => (calls ?? []).map((call) => call.function.name)));
  const seen = resultsIn(turns).join('\n');
  for (const tool of tools) {
    const { name, parameters = {} } = tool.function;
    if (called.has(name) || isGivingUp(tool)) continue;
    const given = argumentsOf(parameters, task, seen);
    if (given) return { name, arguments: JSON.stringify(given) };
  }
  return null;
};

/** The task with what the tools gave as its text, and what they were given beside the row's fields; as it is where they gave nothing. */
export const withResults = (task: Task, messages: readonly ChatMessage[]): Task => {
  const turns = since(messages);
  const texts = resultsIn(turns);
  if (texts.length === 0) return task;
  const read = texts.flatMap(textsOf);
  const given = turns.flatMap(({ tool_calls: calls }) => (calls ?? []).map((call) => call.function.arguments));
  const fields = [...task.fields, ...[...given, ...texts].flatMap(fieldsOf)];
  return { ...task, fields, text: read.join('\n').trim() || task.text };
};

/** What a tool said, without the fence around it. */
const resultsIn = (turns: readonly ChatMessage[]): string[] =>
  turns.filter(({ role }) => role === 'tool').flatMap((message) => readFields(textOf(message)).map(({ text }) => text));

/** Null where a required argument is nowhere to be found. */
const argumentsOf = (schema: JsonSchemaNode, task: Task, seen: string): Record<string, unknown> | null => {
  const root = slotOf('', schema, schema);
  const filled = fillSchema(schema, task) as Record<string, unknown>;
  const required = requiredOf(root);
  for (const [name, node] of propertiesOf(root)) {
    const told = toldBy(slotOf(name, node, schema), task, seen);
    if (told === undefined) continue;
    if (told !== null) filled[name] = told;
    else if (required.has(name)) return null;
    else delete filled[name];
  }
  return filled;
};

/** Undefined: its name says nothing; null: there is none. */
const toldBy = ({ name, type }: Slot, task: Task, seen: string): string | null | undefined => {
  if (type !== 'string') return undefined;
  if (/^(?:url|uri|href|link)$/i.test(name)) return (`${seen}\n${rowText(task)}`.match(URL_TEXT) ?? [])[0] ?? null;
  if (/^(?:q|query|search|terms?|keywords?)$/i.test(name)) return shorten(task.text.trim(), MOST_QUERY) || null;
  return undefined;
};

const rowText = ({ fields }: Task): string => fields.map(({ text }) => text).join('\n');

const objectIn = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
};

/** What there is to read in a result: its `text`, markup taken off, where it has one. */
const textsOf = (result: string): string[] => {
  const { text } = objectIn(result) ?? { text: result };
  return typeof text === 'string' ? [withoutMarkup(text)] : [];
};

const fieldsOf = (object: string): Task['fields'] =>
  Object.entries(objectIn(object) ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' && name !== 'text' ? [{ name, text: value }] : [],
  );

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };

const withoutMarkup = (text: string): string =>
  /<\/\w+>/.test(text)
    ? text
        .replace(/<(script|style|head)\b[^]*?<\/\1>/gi, '')
        .replace(/<\/(?:p|h\d|li|div|tr)>/gi, '\n')
        .replace(/<[^>]*>/g, '')
        .replace(/&(amp|lt|gt|quot|nbsp);/g, (_, name: string) => ENTITIES[name] as string)
        .replace(/[ \t]+/g, ' ')
        .replace(/\s*\n\s*/g, '\n')
    : text;
