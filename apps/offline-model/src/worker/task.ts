import { type ChatMessage, type JsonSchemaNode, textOf } from '../server/chat.js';
import { fenceMark, rowMessage } from '../server/row-key.js';
import { remember } from './cache.js';
import { withoutItemMarks } from './items.js';

export interface Field {
  name: string;
  text: string;
}

/** What a worker is asked to do on a row. */
export interface Task {
  /** What is to be done, without the parts of the prompt that are the same for every task. */
  instructions: string;
  fields: readonly Field[];
  /** The text to work on: the field that reads most like one. */
  text: string;
  /** The schema that the prompt itself holds, where the request has no other. */
  schema: JsonSchemaNode | null;
}

export const readTask = (messages: readonly ChatMessage[]): Task => {
  const { instructions, schema } = readSystem(
    messages
      .filter(({ role }) => role === 'system' || role === 'developer')
      .map(textOf)
      .join('\n\n'),
  );
  const row = rowMessage(messages);
  const fields = readFields(row);
  const inRow = schema === null && fenceMark(row) === null ? readSystem(row).schema : null;
  return { instructions: instructions || row.slice(0, 2_000), fields, text: mainText(fields), schema: schema ?? inRow };
};

/** The section "Task" if there is one, and the first JSON Schema that stands in the text. */
const readSystem = remember((system: string): { instructions: string; schema: JsonSchemaNode | null } => {
  const section = /^#+ *Task *\n([^]*?)(?=\n#+ |$(?![^]))/m.exec(system);
  const schema = schemaIn(system);
  return { instructions: (section?.[1] ?? system).trim(), schema };
});

const schemaIn = (text: string): JsonSchemaNode | null => {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    const value = parseObject(text.slice(start, endOfObject(text, start)));
    if (value && ('properties' in value || ('type' in value && typeof value.type === 'string'))) return value;
  }
  return null;
};

/** The index after the brace that closes the one at `start`. */
const endOfObject = (text: string, start: number): number => {
  let depth = 0;
  let quoted = false;
  for (let index = start; index < text.length; index++) {
    const sign = text[index];
    if (quoted) {
      if (sign === '\\') index++;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '{') depth++;
    else if (sign === '}' && --depth === 0) return index + 1;
  }
  return text.length;
};

const parseObject = (text: string): JsonSchemaNode | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchemaNode) : null;
  } catch {
    return null;
  }
};

const FIELD_NAME = /\[field ("(?:[^"\\]|\\.)*")\]|^[-=#* ]*["'`]?([\w .-]+?)["'`]?[-=:* ]*$/;

/** The fields between the marks; of an unfenced message, "name: value" lines if it is made of them, else all of it as one text. */
export const readFields = (row: string): Field[] => {
  const mark = fenceMark(row);
  if (mark === null) return [{ name: 'text', text: row.trim() }];
  const lines = row.split('\n');
  const first = lines.findIndex((line) => line.includes(mark));
  const last = lines.findLastIndex((line) => line.includes(mark));
  const fields: { name: string; lines: string[] }[] = [];
  for (const line of lines.slice(first + 1, last)) {
    if (line.includes(mark)) fields.push({ name: nameIn(line.replaceAll(mark, '')), lines: [] });
    else (fields.at(-1) ?? fields[fields.push({ name: 'text', lines: [] }) - 1])?.lines.push(line);
  }
  return fields.map(({ name, lines: content }) => ({ name, text: withoutItemMarks(content.join('\n')) }));
};

const nameIn = (line: string): string => {
  const match = FIELD_NAME.exec(line);
  if (!match?.[1]) return match?.[2]?.trim() ?? 'text';
  try {
    return String(JSON.parse(match[1]));
  } catch {
    return match[1];
  }
};

const TEXT_NAME = /text|body|message|content|description|review|comment|note|article|abstract|transcript|question|feedback|summary/i;
const weightOf = ({ name, text }: Field): number =>
  Math.min(text.length, 2_000) * (TEXT_NAME.test(name) ? 4 : 1) * (/^(?:id|path|url|_)/i.test(name) ? 0.2 : 1);

const mainText = (fields: readonly Field[]): string =>
  fields.reduce<Field | null>((best, field) => (best && weightOf(best) >= weightOf(field) ? best : field), null)?.text ?? '';
