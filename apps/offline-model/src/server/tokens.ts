import { type Answer, type ChatRequest, textOf } from './chat.js';

/** A cheap estimate: four characters a token, as English text has it. */
const CHARACTERS_PER_TOKEN = 4;
const PER_MESSAGE = 4;

const tokensOfText = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

export const promptTokens = (request: ChatRequest): number => {
  let characters = 0;
  for (const message of request.messages) {
    characters += textOf(message).length;
    for (const call of message.tool_calls ?? []) characters += call.function.name.length + call.function.arguments.length;
  }
  if (request.tools) characters += JSON.stringify(request.tools).length;
  if (request.response_format?.type === 'json_schema') characters += JSON.stringify(request.response_format.json_schema).length;
  return Math.ceil(characters / CHARACTERS_PER_TOKEN) + PER_MESSAGE * request.messages.length;
};

/** An answer within `maxTokens`, and whether it had to be cut for it. */
export const limitAnswer = (answer: Answer, maxTokens: number | null): { answer: Answer; tokens: number; cut: boolean } => {
  const text = answer.kind === 'text' ? answer.text : answer.arguments;
  const overhead = answer.kind === 'text' ? 0 : tokensOfText(answer.name);
  const tokens = tokensOfText(text) + overhead;
  if (maxTokens === null || tokens <= maxTokens) return { answer, tokens: Math.max(1, tokens), cut: false };
  const shorter = text.slice(0, Math.max(0, maxTokens - overhead) * CHARACTERS_PER_TOKEN);
  return {
    answer: answer.kind === 'text' ? { ...answer, text: shorter } : { ...answer, arguments: shorter },
    tokens: maxTokens,
    cut: true,
  };
};
