// What the programs of all frameworks share: the rows, the clock, and the call where the framework does not bring its own.
import { readFile } from 'node:fs/promises';
import OpenAI from 'openai';

/** One structured call over `openai` with its default fetch: the cheapest thing that a node or a step can do. */
export const openaiCall = (task) => {
  const client = new OpenAI({ baseURL: task.baseUrl, apiKey: 'none', maxRetries: 0 });
  return async (text) => {
    const completion = await client.chat.completions.create({
      model: 'stub',
      messages: [
        { role: 'system', content: task.instructions },
        { role: 'user', content: text },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: task.outputSchema } },
    });
    return JSON.parse(completion.choices[0].message.content);
  };
};

/** `make(task)` gives `run(texts)`, which answers the rows' outputs. It is warmed up, then measured from the word `go`. */
export const compete = async (make) => {
  const task = JSON.parse(process.argv[2]);
  try {
    const lines = (await readFile(task.rowsFile, 'utf8')).split('\n').slice(0, Math.max(task.rows, task.warmUp));
    const texts = lines.map((line) => JSON.parse(line).text);
    const run = await make(task);
    await run(texts.slice(0, task.warmUp));
    // Stays until it is killed: its CPU time is read after its last word.
    process.on('message', async () => {
      try {
        const outputs = await run(texts.slice(0, task.rows));
        process.send({ kind: 'done', answered: outputs.filter((output) => typeof output?.label === 'string').length });
      } catch (error) {
        process.send({ kind: 'failed', message: String(error?.stack ?? error) });
      }
    });
    process.send({ kind: 'ready' });
  } catch (error) {
    process.send({ kind: 'failed', message: String(error?.stack ?? error) });
  }
};
