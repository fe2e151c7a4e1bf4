import type { Column } from '@apwa/contracts';

/** What a finding is told by: names of the fields that hold its type and its value. */
export interface FindingFields {
  type: string;
  value: string;
}

/** Where the findings stand in a table: a list in each message's row, or a row for each finding. */
export type FindingsShape = { kind: 'list'; column: string; fields: FindingFields } | { kind: 'rows'; fields: FindingFields };

const TYPE_NAME = /(^|_)(type|label|category|kind|class)$/i;
const VALUE_NAME = /(^|_)(value|text|span|entity|content|match|data|string|finding)$/i;
/** Columns of the messages themselves: they stand beside everything that is made of them. */
const OF_MESSAGES = new Set(['id', 'full_text']);
const NUMBER = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UBIGINT|DOUBLE|FLOAT|DECIMAL)/;
const REDACTED_NAME = /redact|mask|anonym|replac|clean|saniti|scrub|pseudonym/i;

/** Names of a `STRUCT("a" VARCHAR, "b" VARCHAR)[]`, or of the properties of a list whose items are JSON: then not known. */
const fieldsOfList = (type: string): string[] =>
  /^STRUCT\(.*\)\[\]$/s.test(type) ? [...type.matchAll(/"([^"]+)" /g)].map(([, name]) => name as string) : [];

const fieldsOf = (names: string[]): FindingFields | undefined => {
  const type = names.find((name) => TYPE_NAME.test(name));
  const value = names.find((name) => name !== type && VALUE_NAME.test(name));
  return type !== undefined && value !== undefined ? { type, value } : undefined;
};

/** How a table holds findings; undefined if it holds none. */
export const findingsShape = (columns: Column[]): FindingsShape | undefined => {
  for (const { name, type } of columns) {
    const fields = fieldsOf(fieldsOfList(type));
    if (fields) return { kind: 'list', column: name, fields };
  }
  const fields = fieldsOf(columns.filter(({ name, type }) => type === 'VARCHAR' && !OF_MESSAGES.has(name)).map(({ name }) => name));
  return fields && { kind: 'rows', fields };
};

/** The column of the redacted messages; undefined if there is none. */
export const redactedColumn = (columns: Column[]): string | undefined => {
  const texts = columns.filter(({ name, type }) => type === 'VARCHAR' && name !== 'id').map(({ name }) => name);
  return texts.find((name) => REDACTED_NAME.test(name));
};

/** Whether a table counts by type: a word and a number, and nothing of the messages. */
export const isCount = (columns: Column[]): boolean =>
  columns.length <= 4 &&
  columns.some(({ name, type }) => type === 'VARCHAR' && !OF_MESSAGES.has(name)) &&
  columns.some(({ type }) => NUMBER.test(type)) &&
  !columns.some(({ name }) => OF_MESSAGES.has(name));
