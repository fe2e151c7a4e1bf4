import { type Answer, type ChatRequest, type JsonSchemaNode, type Tool } from './server/chat.js';
import { isPlanning, planNext } from './planner/planner.js';
import { readTask, type Task } from './worker/task.js';
import { fillSchema } from './worker/fill.js';
import { plainAnswer } from './worker/plain.js';

/** The answer to a request: told by its content alone, so that the same question gets the same answer in every process. */
export const answerTo = (request: ChatRequest): Answer => {
  if (isPlanning(request)) return planNext(request);
  const task = readTask(request.messages);
  const tool = chosenTool(request);
  if (tool) return { kind: 'tool_call', name: tool.function.name, arguments: filled(tool.function.parameters ?? {}, task) };
  const schema = request.response_format?.type === 'json_schema' ? (request.response_format.json_schema.schema ?? null) : task.schema;
  if (schema) return { kind: 'text', text: filled(schema, task) };
  if (request.response_format?.type === 'json_object') return { kind: 'text', text: JSON.stringify({ answer: plainAnswer(task) }) };
  return { kind: 'text', text: plainAnswer(task) };
};

const filled = (schema: JsonSchemaNode, task: Task): string => JSON.stringify(fillSchema(schema, task));

/** The tool to call: the one that is asked for; else, where the choice is ours, the first one that has not answered yet. */
const chosenTool = ({ tools, tool_choice: choice, messages }: ChatRequest): Tool | null => {
  if (!tools || tools.length === 0 || choice === 'none') return null;
  if (typeof choice === 'object' && choice) return tools.find(({ function: { name } }) => name === choice.function.name) ?? null;
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const called = new Set(messages.slice(lastUser + 1).flatMap(({ tool_calls: calls }) => (calls ?? []).map((call) => call.function.name)));
  const fresh = tools.find(({ function: { name } }) => !called.has(name)) ?? null;
  return choice === 'required' ? (fresh ?? tools[0] ?? null) : called.size > 0 ? null : fresh;
};
