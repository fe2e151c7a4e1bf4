import { Age, RefusedError } from '@apwa/contracts';

/** The age, or the duration, that an option gives; `what`: which of the two. */
export const readAge = (field: string, text: string | undefined, what = 'an age'): Age => {
  const age = Age.safeParse(text);
  if (age.success) return age.data;
  throw new RefusedError('bad_input', text === undefined ? `${field} is needed.` : `${field} ${text} is not possible.`, {
    field,
    ...(text === undefined ? {} : { value: text }),
    allowed: `${what}: a whole number from 1 to 9999 and s, m, h, d or w, such as 45m, 24h or 30d`,
  });
};
