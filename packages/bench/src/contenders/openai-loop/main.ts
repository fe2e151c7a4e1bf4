import { readFile } from 'node:fs/promises';
import { createTransport, ModelClient } from '@apwa/model';
import OpenAI from 'openai';
import { type ContenderMessage, type Task } from '../task.js';

/**
 * The bare loop: `concurrency` workers that take the next row, call, and parse the answer. No retries, no journal, nothing kept
 * but the answers. `tuned` as second argument: with the client that we make of it, over our own connections.
 */
const [argument = '', clientKind = 'default'] = process.argv.slice(2);
const task = JSON.parse(argument) as Task;
const tell = (message: ContenderMessage): void => void process.send?.(message);

const client =
  clientKind === 'tuned'
    ? new ModelClient(createTransport(), { baseURL: task.baseUrl })
    : new OpenAI({ baseURL: task.baseUrl, apiKey: 'none', maxRetries: 0 });
const lines = (await readFile(task.rowsFile, 'utf8')).split('\n').slice(0, Math.max(task.rows, task.warmUp));
const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text);

const ask = async (text: string): Promise<unknown> => {
  const completion = await client.chat.completions.create({
    model: 'stub',
    messages: [
      { role: 'system', content: task.instructions },
      { role: 'user', content: text },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: { ...task.outputSchema } } },
  });
  return JSON.parse(completion.choices[0]?.message.content ?? '');
};

const loop = async (rows: readonly string[]): Promise<number> => {
  const answers: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < rows.length) {
      const row = next++;
      answers[row] = await ask(rows[row] as string);
    }
  };
  await Promise.all(Array.from({ length: Math.min(task.concurrency, rows.length) }, work));
  return answers.filter((answer) => answer !== undefined).length;
};

try {
  await loop(texts.slice(0, task.warmUp));
  // Stays until it is killed: its CPU time is read after its last word.
  process.on('message', () => {
    loop(texts.slice(0, task.rows)).then(
      (answered) => tell({ kind: 'done', answered }),
      (error: unknown) => tell({ kind: 'failed', message: String(error) }),
    );
  });
  tell({ kind: 'ready' });
} catch (error) {
  tell({ kind: 'failed', message: String(error) });
}
