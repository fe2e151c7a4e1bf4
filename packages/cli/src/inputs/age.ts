import { Age, RefusedError } from '@apwa/contracts';

/** The age that an option gives. */
export const readAge = (field: string, text: string | undefined): Age => {
  const age = Age.safeParse(text);
  if (age.success) return age.data;
  throw new RefusedError('bad_input', text === undefined ? `${field} is needed.` : `${field} ${text} is not possible.`, {
    field,
    ...(text === undefined ? {} : { value: text }),
    allowed: 'an age: a whole number from 1 to 9999 and s, m, h, d or w, such as 45m, 24h or 30d',
  });
};
