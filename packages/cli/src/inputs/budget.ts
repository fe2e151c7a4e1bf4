import { ageMs, type Budget, RefusedError } from '@apwa/contracts';
import { readAge } from './age.js';
import { readCount } from './count.js';

/** Options that limit what a run may spend. */
export interface BudgetOptions {
  budget?: string;
  maxTokens?: string;
  maxRows?: string;
  maxTime?: string;
}

/** As much as the API takes. */
const MOST_USD = 1e9;
const MOST_TOKENS = 1e15;
const MOST_ROWS = 1e12;

const readMoney = (text: string): number => {
  const usd = Number(text.replace(/^\$/, ''));
  if (/^\$?\d+(\.\d{1,6})?$/.test(text) && usd > 0 && usd <= MOST_USD) return usd;
  throw new RefusedError('bad_input', `--budget ${text} is not possible.`, {
    field: '--budget',
    value: text,
    allowed: `US dollars, 0.000001 to ${MOST_USD.toLocaleString('en-US')}, such as 2.50`,
  });
};

/** The budget that options give; undefined if they give none. */
export const readBudget = ({ budget, maxTokens, maxRows, maxTime }: BudgetOptions): Budget | undefined => {
  const limits: Budget = {
    ...(budget === undefined ? {} : { usd: readMoney(budget) }),
    ...(maxTokens === undefined ? {} : { tokens: readCount('--max-tokens', maxTokens, MOST_TOKENS) }),
    ...(maxRows === undefined ? {} : { rows: readCount('--max-rows', maxRows, MOST_ROWS) }),
    ...(maxTime === undefined ? {} : { timeMs: ageMs(readAge('--max-time', maxTime, 'a duration')) }),
  };
  return Object.keys(limits).length > 0 ? limits : undefined;
};
