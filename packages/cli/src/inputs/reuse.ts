import { RefusedError, Reuse } from '@apwa/contracts';

/** From where answers may be taken: `any`, `off`, or the ids of runs, separated by commas. */
export const readReuse = (text: string): Reuse => {
  const ids = text.split(',').map((id) => id.trim());
  const parsed = Reuse.safeParse(text === 'any' || text === 'off' ? text : { runs: ids });
  if (parsed.success) return parsed.data;
  throw new RefusedError('bad_input', `--reuse ${text} is not known.`, {
    field: '--reuse',
    value: text,
    allowed: 'any, off, or up to 10 ids of runs separated by commas',
  });
};
