import { PermanentError, tokensOf } from '@apwa/contracts';
import { type Config } from '../settings.js';
import { type Turn } from './turns.repository.js';

/** Plans that may be submitted in one conversation. */
export const SUBMISSIONS = 3;

/** Of a turn whose plan was refused: how many more may be submitted. */
export const submissionsLeft = (history: readonly Turn[]): number =>
  SUBMISSIONS - 1 - history.filter(({ outcome }) => outcome === 'rejected').length;

/** Milliseconds that are left for a conversation. `missing`: what there is none of yet, for people. PermanentError `planner_limit` where it has met one. */
export const timeLeft = (limits: Config['planner'], history: readonly Turn[], startedAt: Date, missing: string): number => {
  const { maxTurns, maxTokens, timeoutMs } = limits;
  const turns = history.length - 1;
  if (turns >= maxTurns) throw overLimit(`no ${missing} after ${turns} turns`, 'maxTurns', maxTurns);
  const tokens = history.reduce((sum, { usage }) => sum + tokensOf(usage), 0);
  if (tokens >= maxTokens) throw overLimit(`no ${missing} after ${tokens} tokens`, 'maxTokens', maxTokens);
  const leftMs = timeoutMs - (Date.now() - startedAt.getTime());
  if (leftMs <= 0) throw overtime(limits, missing);
  return leftMs;
};

export const overtime = ({ timeoutMs }: Config['planner'], missing: string): PermanentError =>
  overLimit(`no ${missing} after ${Math.round(timeoutMs / 1_000)} s`, 'timeoutMs', timeoutMs);

const overLimit = (what: string, limit: 'maxTurns' | 'maxTokens' | 'timeoutMs', value: number): PermanentError =>
  new PermanentError('planner_limit', `The planner was stopped: ${what}.`, {
    field: `planner.${limit}`,
    value,
    allowed: 'a larger limit in the configuration, or a simpler goal',
  });
