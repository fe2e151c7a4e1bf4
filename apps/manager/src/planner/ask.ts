import { type TokenUsage, addUsage } from '@apwa/contracts';
import { type ChatMessage, type Model, type ModelAnswer, type ToolDefinition, callOf } from '@apwa/model';
import { setTimeout as wait } from 'node:timers/promises';
import { type Config } from '../settings.js';
import { fitContext } from './context.js';
import { type ModelPlace, decideRetry, shownUrl } from './retry.js';

/** What calls took. */
export interface Spent {
  usage: TokenUsage;
  costUsd: number;
}

/** Where the planner's model stands in the configuration. */
export const placeOf = ({ planner, models }: Pick<Config, 'planner' | 'models'>): ModelPlace => ({
  name: planner.model,
  baseUrl: shownUrl(models[planner.model]?.endpoints[0]?.baseUrl ?? ''),
});

/** One answer of the planner's model, with further tries where its faults may pass. What calls took is added to `spent`. */
export const askPlanner = async (
  { model, place, messages, tools }: { model: Model; place: ModelPlace; messages: ChatMessage[]; tools: ToolDefinition[] },
  signal: AbortSignal,
  spent: Spent,
): Promise<ModelAnswer> => {
  const fitting = fitContext(messages, model.contextTokens);
  const startedAt = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      const answer = await model.complete({ messages: fitting, tools }, { signal, attempt: tries });
      add(spent, answer);
      return answer;
    } catch (error) {
      if (signal.aborted) throw error;
      add(spent, callOf(error));
      const decided = decideRetry(error, { tries, elapsedMs: performance.now() - startedAt, random: Math.random() }, place);
      if (decided.decision === 'give_up') throw decided.error;
      await wait(decided.afterMs, undefined, { signal });
    }
  }
};

const add = (spent: Spent, call: Spent | undefined): void => {
  if (!call) return;
  spent.usage = addUsage(spent.usage, call.usage);
  spent.costUsd += call.costUsd;
};
