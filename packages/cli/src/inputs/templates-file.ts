import { excerpt, pathOf, RedriveRequest, RefusedError } from '@apwa/contracts';
import { readDocument } from './plan-file.js';

const ALLOWED = 'what changes by step, such as {"labels": {"instructions": "…"}}';

/** Changes of templates by step, from a YAML or JSON file. Throws `RefusedError` naming the file and the place. */
export const readTemplatesFile = async (path: string): Promise<RedriveRequest['templates']> => {
  const document = await readDocument('--template', path, ALLOWED);
  const parsed = RedriveRequest.shape.templates.safeParse(document);
  if (parsed.success && document !== undefined && document !== null) return parsed.data;
  const place = pathOf(parsed.error?.issues[0]?.path ?? []);
  throw new RefusedError('bad_input', `${path}${place ? `: ${place}` : ''} is not what changes in templates.`, {
    field: '--template',
    value: excerpt(document),
    allowed: ALLOWED,
  });
};
