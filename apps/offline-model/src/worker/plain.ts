import { summaryOf } from './summary.js';
import { type Task } from './task.js';

/** The answer where no structure is asked for. */
export const plainAnswer = ({ text }: Task): string =>
  text.trim() === ''
    ? 'This is the offline model: it answers by rules and has nothing to go by here.'
    : `By rules, not by a language model: ${summaryOf(text, 600, 3)}`;
