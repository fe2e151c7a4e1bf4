import OpenAI from 'openai';
import { type ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { runBareLoop } from '../bare-loop.js';
import { type Task } from '../task.js';

/**
 * An agent as one writes it by hand: `concurrency` workers that take the next row, and call the model and its tool in turns until it
 * answers. No retries, no journal, nothing kept but the answers.
 */
const task = JSON.parse(process.argv[2] ?? '') as Task;
const client = new OpenAI({ baseURL: task.baseUrl, apiKey: 'none', maxRetries: 0 });

const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'text_length',
      description: 'The length of a text',
      parameters: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
    },
  },
];
const measured = (text: string) => JSON.stringify({ characters: [...text].length, bytes: Buffer.byteLength(text) });

const work = async (text: string): Promise<unknown> => {
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: task.instructions },
    { role: 'user', content: text },
  ];
  for (let turn = 0; turn < (task.turns ?? 1); turn++) {
    const completion = await client.chat.completions.create({
      model: 'stub',
      messages,
      tools,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: { ...task.outputSchema } } },
    });
    const message = completion.choices[0]?.message;
    if (!message?.tool_calls) return JSON.parse(message?.content ?? '');
    messages.push(message);
    for (const call of message.tool_calls) {
      const given = call.type === 'function' ? (JSON.parse(call.function.arguments) as { text: string }) : { text: '' };
      messages.push({ role: 'tool', tool_call_id: call.id, content: measured(given.text) });
    }
  }
  throw new Error('no answer');
};

await runBareLoop(task, work);
