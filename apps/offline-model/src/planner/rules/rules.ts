import { levels } from './levels/levels.js';
import { oneSchema } from './one-schema/one-schema.js';
import { research } from './research/research.js';
import { review } from './review.js';
import { rows } from './rows.js';
import { type Outcome, type Refusal, type Rule, type Situation } from './rule.js';

/** The first one that a goal fits plans for it. */
const RULES: readonly Rule[] = [research, oneSchema, review, levels, rows];

/** What the rules make of a goal. */
export const planBy = (situation: Situation): Outcome => {
  if (situation.goal === '') return { refusal: { reason: 'there is no goal to plan for', missing: 'a goal in a sentence' } };
  for (const rule of RULES) {
    const outcome = rule.apply(situation);
    if (outcome) return outcome;
  }
  return { refusal: { reason: 'none of the rules fits this goal', missing: 'a goal of one of these kinds, or a plan' } };
};

/** As plans are declined. */
const MOST_REASON = 1_900;
const MOST_MISSING = 990;

/** A refusal as it is told: by whom, and what else can be asked for. */
export const explained = ({ reason, missing }: Refusal): Refusal => ({
  reason: `By rules, without a language model: ${reason}.`.slice(0, MOST_REASON),
  missing: `${missing}. The offline model is no language model, and plans: ${RULES.map(({ plans }) => plans).join('; ')}.`.slice(
    0,
    MOST_MISSING,
  ),
});
