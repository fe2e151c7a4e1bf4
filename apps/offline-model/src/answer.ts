import { type Answer, type ChatRequest, type JsonSchemaNode, type Tool } from './server/chat.js';
import { amendNext, isAmending, isPlanning, planNext } from './planner/planner.js';
import { nextCall, withResults } from './worker/agent.js';
import { readTask, type Task } from './worker/task.js';
import { fillSchema } from './worker/fill.js';
import { plainAnswer } from './worker/plain.js';

/** The answer to a request: told by its content alone, so that the same question gets the same answer in every process. */
export const answerTo = (request: ChatRequest): Answer => {
  if (isPlanning(request)) return planNext(request);
  if (isAmending(request)) return amendNext();
  const asked = readTask(request.messages);
  const call = chosenCall(request, asked);
  if (call) return call;
  const task = withResults(asked, request.messages);
  const schema = request.response_format?.type === 'json_schema' ? (request.response_format.json_schema.schema ?? null) : task.schema;
  if (schema) return { kind: 'text', text: filled(schema, task) };
  if (request.response_format?.type === 'json_object') return { kind: 'text', text: JSON.stringify({ answer: plainAnswer(task) }) };
  return { kind: 'text', text: plainAnswer(task) };
};

const filled = (schema: JsonSchemaNode, task: Task): string => JSON.stringify(fillSchema(schema, task));

/** The call of the tool that is asked for; else, where the choice is ours, of the next one. */
const chosenCall = ({ tools, tool_choice: choice, messages }: ChatRequest, task: Task): Answer | null => {
  if (!tools || tools.length === 0 || choice === 'none') return null;
  const filling = ({ function: { name, parameters = {} } }: Tool): Answer => ({
    kind: 'tool_call',
    name,
    arguments: filled(parameters, task),
  });
  if (typeof choice === 'object' && choice) {
    const chosen = tools.find(({ function: { name } }) => name === choice.function.name);
    return chosen ? filling(chosen) : null;
  }
  const next = nextCall(tools, messages, task);
  if (next) return { kind: 'tool_call', ...next };
  return choice === 'required' && tools[0] ? filling(tools[0]) : null;
};
