import { createTransport, ModelClient } from '@apwa/model';
import OpenAI from 'openai';
import { runBareLoop } from '../bare-loop.js';
import { type Task } from '../task.js';

/**
 * The bare loop: `concurrency` workers that take the next row, call, and parse the answer. No retries, no journal, nothing kept
 * but the answers. `tuned` as second argument: with the client that we make of it, over our own connections.
 */
const [argument = '', clientKind = 'default'] = process.argv.slice(2);
const task = JSON.parse(argument) as Task;

const client =
  clientKind === 'tuned'
    ? new ModelClient(createTransport(), { baseURL: task.baseUrl })
    : new OpenAI({ baseURL: task.baseUrl, apiKey: 'none', maxRetries: 0 });

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

await runBareLoop(task, ask);
