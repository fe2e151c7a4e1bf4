// A workflow's `foreach` over the rows, as Mastra documents it.
import { Mastra } from '@mastra/core/mastra';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { z } from 'zod';
import { compete, openaiCall } from './program.mjs';

await compete((task) => {
  const call = openaiCall(task);
  const output = z.object({ label: z.enum(['positive', 'negative', 'neutral']) });
  const label = createStep({ id: 'label', inputSchema: z.string(), outputSchema: output, execute: ({ inputData }) => call(inputData) });
  const workflow = createWorkflow({ id: 'labels', inputSchema: z.array(z.string()), outputSchema: z.array(output) })
    .foreach(label, { concurrency: task.concurrency })
    .commit();
  const mastra = new Mastra({ workflows: { labels: workflow }, logger: false });
  return async (texts) => {
    const run = await mastra.getWorkflow('labels').createRun();
    const result = await run.start({ inputData: texts });
    if (result.status !== 'success') throw new Error(`the workflow ended ${result.status}: ${result.error}`);
    return result.result;
  };
});
