import { RefusedError, RunRequest } from '@apwa/contracts';

const { allowUnsafe: AllowUnsafe } = RunRequest.shape;

/** What a planner may call though it must not be called twice: `all`, or ids of capabilities, separated by commas. */
export const readAllowUnsafe = (text: string): RunRequest['allowUnsafe'] => {
  const parsed = AllowUnsafe.safeParse(text === 'all' ? true : text.split(',').map((id) => id.trim()));
  if (parsed.success) return parsed.data;
  throw new RefusedError('bad_input', `--allow-unsafe ${text} names no capabilities.`, {
    field: '--allow-unsafe',
    value: text,
    allowed: 'all, or up to 20 ids of capabilities separated by commas, such as http:send_mail',
  });
};
