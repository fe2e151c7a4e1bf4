// `generateText` with a structured output, called by as many workers as calls may be in flight.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, Output } from 'ai';
import { compete } from './program.mjs';

await compete((task) => {
  const provider = createOpenAICompatible({ name: 'stub', baseURL: task.baseUrl, supportsStructuredOutputs: true });
  const model = provider('stub');
  const output = Output.object({ schema: jsonSchema(task.outputSchema) });
  return async (texts) => {
    const outputs = [];
    let next = 0;
    const work = async () => {
      while (next < texts.length) {
        const row = next++;
        const result = await generateText({ model, output, system: task.instructions, prompt: texts[row], maxRetries: 0 });
        outputs[row] = result.output;
      }
    };
    await Promise.all(Array.from({ length: task.concurrency }, work));
    return outputs;
  };
});
