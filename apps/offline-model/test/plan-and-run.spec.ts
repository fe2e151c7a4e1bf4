import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { Plan, fillPlaceholders, type LlmTemplate } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { type Answer, type ChatMessage } from '../src/server/chat.js';
import { type ShownTable, planWith, plannerTools } from './support/manager.js';
import { type Running, rowMessage, startServer, stopServers, systemMessage } from './support/server.js';

// Real: the built server, which plans and answers the rows, and DuckDB. The manager's part is played here.

const lengths = (p50: number) => ({ p50, p95: p50 * 2, max: p50 * 3 });
const table: ShownTable = {
  name: 'letters',
  rows: 4,
  columns: [
    { name: 'id', type: 'BIGINT', distinct: 4 },
    { name: 'country', type: 'VARCHAR', distinct: 2, length: lengths(6) },
    { name: 'body', type: 'VARCHAR', distinct: 4, length: lengths(60) },
  ],
};
const rows = [
  { id: 1, country: 'Norway', body: 'Thanks, this is great! Write to anna.berg@example.org.' },
  { id: 2, country: 'Norway', body: 'The lamp arrived broken, this is terrible. Call +47 22 33 44 55.' },
  { id: 3, country: 'Peru', body: 'I love it. Mail me: bo@example.net or anna.berg@example.org.' },
  { id: 4, country: 'Peru', body: 'It is a box.' },
];

let folder: string;
let server: Running;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apwa-offline-'));
  server = await startServer();
});
afterEach(async () => {
  await stopServers();
  await rm(folder, { recursive: true });
});

const askPlanner = async (messages: ChatMessage[]): Promise<Answer> => {
  const { choices } = await server.client.chat.completions.create({
    model: 'offline-rules',
    messages: messages as OpenAI.ChatCompletionMessageParam[],
    tools: plannerTools,
  });
  const message = choices[0]?.message;
  const [call] = message?.tool_calls ?? [];
  return call?.type === 'function' ? { kind: 'tool_call', ...call.function } : { kind: 'text', text: message?.content ?? '' };
};

const answerRow = async (template: LlmTemplate, row: Record<string, unknown>): Promise<Record<string, unknown>> => {
  const columns: string[] = [];
  const instructions = fillPlaceholders(template.instructions, (column) => {
    columns.push(column);
    return `[field ${JSON.stringify(column)}]`;
  });
  const { choices } = await server.client.chat.completions.create({
    model: 'offline-rules',
    messages: [
      { role: 'system', content: systemMessage(instructions) },
      { role: 'user', content: rowMessage(Object.fromEntries(columns.map((column) => [column, String(row[column])]))) },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: template.output } },
  });
  return JSON.parse(choices[0]?.message.content ?? '') as Record<string, unknown>;
};

/** Plans a goal, carries the plan out, and returns each output's rows. */
const carryOut = async (goal: string): Promise<Record<string, Record<string, unknown>[]>> => {
  const { plan: document, text } = await planWith(askPlanner, { goal, tables: [table] });
  expect(text).toBeNull();
  const plan = Plan.parse(document);
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  const results: Record<string, Record<string, unknown>[]> = { letters: rows };
  const load = async (name: string, content: Record<string, unknown>[], types: string) => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(content));
    await database.run(`CREATE TABLE ${name} AS SELECT * FROM read_json('${file}', columns = ${types})`);
  };
  const own = { id: 'BIGINT', country: 'VARCHAR', body: 'VARCHAR' };
  const typesIn = (columns: Record<string, string>) =>
    `{${Object.entries(columns)
      .map(([name, type]) => `${name}: '${type.replaceAll("'", "''")}'`)
      .join(', ')}}`;
  await load('letters', rows, typesIn(own));
  for (const step of plan.steps) {
    if (step.kind === 'map') {
      const { template } = step;
      if (template.mode !== 'llm') throw new Error(`${step.id} asks no model`);
      const schema = compileSchema(template.output);
      const answers = await Promise.all((results[step.input] ?? []).map((row) => answerRow(template, row)));
      for (const answer of answers) expect(schema.validate(answer)).toEqual([]);
      results[step.id] = (results[step.input] ?? []).map((row, index) => ({ ...row, ...answers[index], _row: index, _status: 'ok' }));
      const added = Object.fromEntries(columnsOfSchema(template.output).map(({ name, type }) => [name, type]));
      await load(step.id, results[step.id] ?? [], typesIn({ ...own, ...added, _row: 'BIGINT', _status: 'VARCHAR' }));
    } else {
      if (step.kind !== 'sql') throw new Error(`${step.id} is a ${step.kind}`);
      await database.run(`CREATE TABLE ${step.id} AS ${step.query}`);
      const read = await database.runAndReadAll(`SELECT * FROM ${step.id}`);
      results[step.id] = read.getRowObjectsJson().map((row) => ({ ...row }));
    }
  }
  database.closeSync();
  return Object.fromEntries(plan.outputs.map((id) => [id, results[id] ?? []]));
};

describe('a goal over a table', () => {
  it('should end in findings, redacted texts and counts that agree', async () => {
    const {
      findings,
      redacted,
      by_type: byType,
    } = await carryOut(
      'Find every piece of personal data in these letters, write each letter with the data replaced by its type, and count the findings by type.',
    );
    expect(findings?.map(({ entities }) => (entities as { value: string }[]).map(({ value }) => value))).toEqual([
      ['anna.berg@example.org'],
      ['+47 22 33 44 55'],
      ['bo@example.net', 'anna.berg@example.org'],
      [],
    ]);
    expect(redacted?.map((row) => row.redacted)).toEqual([
      'Thanks, this is great! Write to <EMAIL_ADDRESS>.',
      'The lamp arrived broken, this is terrible. Call <PHONE_NUMBER>.',
      'I love it. Mail me: <EMAIL_ADDRESS> or <EMAIL_ADDRESS>.',
      'It is a box.',
    ]);
    expect(Object.keys(redacted?.[0] ?? {})).toEqual(['id', 'country', 'redacted']);
    expect(byType).toEqual([
      { type: 'EMAIL_ADDRESS', n: '3' },
      { type: 'PHONE_NUMBER', n: '1' },
    ]);
  });

  it('should end in labels and their counts', async () => {
    const { classified, by_sentiment_and_country: counts } = await carryOut(
      'Classify each letter as positive, negative or neutral, and count them by label and country.',
    );
    expect(classified?.map(({ sentiment }) => sentiment)).toEqual(['positive', 'negative', 'positive', 'neutral']);
    expect(counts).toEqual([
      { sentiment: 'negative', country: 'Norway', n: '1' },
      { sentiment: 'neutral', country: 'Peru', n: '1' },
      { sentiment: 'positive', country: 'Norway', n: '1' },
      { sentiment: 'positive', country: 'Peru', n: '1' },
    ]);
  });

  it('should end in the rows that were asked for', async () => {
    const { matching } = await carryOut('Which letters mention a lamp?');
    expect(matching).toEqual([{ id: '2', country: 'Norway', body: rows[1]?.body }]);
  });

  it('should end in figures without a call for any row', async () => {
    expect(await carryOut('How many letters are there per country?')).toEqual({
      by_country: [
        { country: 'Norway', n: '2' },
        { country: 'Peru', n: '2' },
      ],
    });
    expect(await server.stats()).toMatchObject({ requests: 3 });
  });

  it.each([
    'Summarise each letter in one sentence',
    'Translate each letter to German',
    'Extract the e-mail address and the country from each letter',
    'Rate the politeness of each letter from 0 to 10',
    'Say what you think of each letter',
  ])('should end in one valid answer per row: %s', async (goal) => {
    const outputs = Object.values(await carryOut(goal));
    expect(outputs.map((found) => found.length)).toEqual([4]);
  });
});
