import { RefusedError, type Run } from '@apwa/contracts';
import { quoteNotes, quoteTotal } from '../display/quote.js';
import { explain } from '../exit.js';
import { choose } from '../question.js';
import { type Editing, editPlan } from './edit-plan.js';
import { planView } from './plan-view.js';

/** Somebody else has decided meanwhile. */
const OVERTAKEN = new Set(['wrong_state', 'plan_changed']);

/** A run's plan for who is to approve it, with what it is to cost. */
export const planReview = ({ plan, planVersion, quote }: Run): string => {
  if (!plan) return '';
  const view = `\nThe plan, version ${planVersion}:\n${planView(plan, quote ? quoteNotes(quote) : undefined)}\n`;
  return quote && quote.steps.length > 0 ? `${view}  ${quoteTotal(quote)}\n` : view;
};

/** Shows a plan that waits for approval, and does what the person wants. Resolves when the run goes on, ends, or waits with another version. */
export const review = async (run: Run, editing: Editing): Promise<void> => {
  const { client, signal, tell } = editing;
  const { id, plan, planVersion } = run;
  if (!plan || planVersion === null) return;
  tell(planReview(run));
  try {
    for (;;) {
      switch (await choose(['approve', 'edit', 'reject'], signal)) {
        case 'approve':
          return void (await client.runs.approve(id, { version: planVersion }));
        case 'reject':
          return void (await client.runs.cancel(id, { reason: `version ${planVersion} of the plan was rejected` }));
        case 'edit':
          if (await editPlan(run, plan, editing)) return;
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof RefusedError && OVERTAKEN.has(thrown.code))) throw thrown;
    tell(explain(thrown));
  }
};
