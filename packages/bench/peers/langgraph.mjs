// Map and reduce with `Send`, as LangGraph.js documents it: a task per row, `maxConcurrency` of them at once.
import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph';
import { compete, openaiCall } from './program.mjs';

await compete((task) => {
  const call = openaiCall(task);
  const State = Annotation.Root({
    texts: Annotation(),
    outputs: Annotation({ reducer: (before, more) => before.concat(more), default: () => [] }),
  });
  const graph = new StateGraph(State)
    .addNode('label', async ({ text }) => ({ outputs: [await call(text)] }))
    .addConditionalEdges(START, ({ texts }) => texts.map((text) => new Send('label', { text })), ['label'])
    .addEdge('label', END)
    .compile();
  return async (texts) => (await graph.invoke({ texts }, { maxConcurrency: task.concurrency, recursionLimit: 10 })).outputs;
});
