import { RefusedError } from '@apwa/contracts';

/** The number that an option gives: whole, from 1 to `most`. */
export const readCount = (field: string, text: string, most: number): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new RefusedError('bad_input', `${field} ${text} is not possible.`, {
    field,
    value: text,
    allowed: `a whole number, 1 to ${most.toLocaleString('en-US')}`,
  });
};
