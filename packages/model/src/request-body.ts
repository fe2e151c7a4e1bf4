import { type EndpointConfig } from '@apwa/config';
import { type JsonSchema } from '@apwa/contracts';
import { type LoweredSchema } from '@apwa/json-schema';
import { type ChatMessage, type ModelRequest, type ToolDefinition } from './model.js';

/** Names that the API takes for tools and schemas. */
export const safeName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'answer';

const toolOf = (name: string, description: string, parameters: JsonSchema) => ({
  type: 'function' as const,
  function: { name, description, parameters },
});

/** The schema stands behind the other instructions and before the first turn: the same bytes for every row. */
const withSchema = (messages: ChatMessage[], schema: JsonSchema): ChatMessage[] => {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const at = first < 0 ? messages.length : first;
  const content = `Answer with one JSON value that is valid by this JSON Schema, and with nothing else: no explanation, no code fence.\n${JSON.stringify(schema)}`;
  return [...messages.slice(0, at), { role: 'system', content }, ...messages.slice(at)];
};

const outputPart = (
  mode: EndpointConfig['structuredOutput'],
  name: string,
  { schema }: LoweredSchema,
  tools: ToolDefinition[],
  messages: ChatMessage[],
) => {
  switch (mode) {
    case 'json_schema':
      return { messages, response_format: { type: 'json_schema' as const, json_schema: { name, schema, strict: true } } };
    case 'tool':
      return {
        messages,
        tools: [...tools.map(toToolPart), toolOf(name, 'Gives the answer. Call it once, with the whole answer.', schema)],
        tool_choice: tools.length > 0 ? ('required' as const) : { type: 'function' as const, function: { name } },
      };
    case 'prompt':
      return { messages: withSchema(messages, schema) };
  }
};

const toToolPart = ({ name, description, parameters }: ToolDefinition) => toolOf(name, description, parameters);

/** The body of a call of the chat completions API. What the configuration passes on comes first: ours wins. */
export const bodyOf = (request: ModelRequest, endpoint: EndpointConfig, lowered: LoweredSchema | undefined, outputTokens: number) => {
  const { messages, output, tools = [], toolChoice } = request;
  return {
    ...endpoint.parameters,
    model: endpoint.name,
    messages,
    [endpoint.outputTokensParameter]: outputTokens,
    ...(tools.length > 0 ? { tools: tools.map(toToolPart), tool_choice: toolChoice ?? ('auto' as const) } : {}),
    ...(output && lowered ? outputPart(endpoint.structuredOutput, safeName(output.name), lowered, tools, messages) : {}),
  };
};
