import { RefusedError } from '@apwa/contracts';

/** The number that an option gives: whole, from `least`, 1 by default, to `most`. */
export const readCount = (field: string, text: string, most: number, least = 1): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new RefusedError('bad_input', `${field} ${text} is not possible.`, {
    field,
    value: text,
    allowed: `a whole number, ${least} to ${most.toLocaleString('en-US')}`,
  });
};
