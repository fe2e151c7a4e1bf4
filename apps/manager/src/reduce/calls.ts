import { type LlmTemplate, type ReduceStep, TOKEN_BYTES } from '@apwa/contracts';
import { type Config } from '../settings.js';

/** What a model reads and writes at most, in tokens. */
export interface ModelRoom {
  contextTokens: number;
  /** Of an answer, where a template does not say it. */
  outputTokens: number;
}

/** Of the endpoints of a model the narrowest; null if there is no such model. */
export const roomOf = ({ models }: Pick<Config, 'models'>, model: string): ModelRoom | null => {
  const endpoints = models[model]?.endpoints ?? [];
  if (endpoints.length === 0) return null;
  return {
    contextTokens: Math.min(...endpoints.map(({ contextTokens }) => contextTokens)),
    outputTokens: Math.min(...endpoints.map(({ outputTokens }) => outputTokens)),
  };
};

/** What members add to every prompt: rules on data and answers, and the marks around them. */
const RULES_TOKENS = 500;

/** Four bytes are a token in English; in other languages a token may be two of them. */
const SAFETY = 2;

const tokensIn = (text: string): number => Math.ceil(Buffer.byteLength(text) / TOKEN_BYTES);

/** What of the context the items of a call cannot have: the answer, and what is said at every call. */
export const takenBefore = ({ template, merge }: Pick<ReduceStep, 'template' | 'merge'>, { outputTokens }: ModelRoom): number => {
  const said = Math.max(tokensIn(template.instructions), merge ? tokensIn(merge.instructions) : 0);
  return (template.limits?.outputTokens ?? outputTokens) + said + tokensIn(JSON.stringify(template.output)) + RULES_TOKENS;
};

/** What the items of a call may take, in tokens of four bytes. */
export const itemTokens = (step: Pick<ReduceStep, 'template' | 'merge' | 'maxTokens'>, room: ModelRoom): number =>
  step.maxTokens ?? Math.floor((room.contextTokens - takenBefore(step, room)) / SAFETY);

/** The template of the calls of a level: its instructions say what the items are. */
export const templateOfLevel = ({ template, merge }: Pick<ReduceStep, 'template' | 'merge'>, level: number): LlmTemplate => {
  if (level === 1) return { ...template, instructions: `${template.instructions}\n\n${ROWS_RULE}` };
  if (merge) return { ...template, instructions: `${merge.instructions}\n\n${ANSWERS_RULE}` };
  return { ...template, instructions: `${template.instructions}\n\n${ANSWERS_RULE}\n${SAME_TASK_RULE}` };
};

const MARKED = 'MARK is the same at all of them and stands nowhere else: no other line begins one.';
const ROWS_RULE = `{{items}} holds one item or several, in order. Each begins with a line "--- item NUMBER MARK ---". ${MARKED} NUMBER is what an item is called by.`;
const ANSWERS_RULE = `{{items}} holds one answer or several, in order, each to a part of the records. Each begins with a line "--- items FIRST to LAST MARK ---", which says by their numbers which records it is about. ${MARKED}`;
const SAME_TASK_RULE =
  'They are answers to this very task: fold them into one answer to it for all of their records together, and leave out nothing that it asks for.';
