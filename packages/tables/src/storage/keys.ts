import { RefusedError } from '@apwa/contracts';

const SEGMENT = '[A-Za-z0-9_][A-Za-z0-9._-]{0,254}';
const KEY = new RegExp(`^${SEGMENT}(/${SEGMENT})*$`);
/** A prefix to list by: a key that may stop anywhere. */
const PREFIX = new RegExp(`^$|^(${SEGMENT}/)*(${SEGMENT})?$`);
const LONGEST = 1024;

const refuse = (key: string): never => {
  throw new RefusedError('invalid_key', 'A storage key holds something other than our own ids.', {
    field: 'key',
    value: key,
    allowed: `segments of letters, digits, ".", "_" and "-" that do not begin with "." or "-", separated by "/", ${LONGEST} characters at most`,
  });
};

/** The key as it is if it can do no harm in a path: no empty, hidden or dotted segments, nothing absolute, no odd characters. */
export const checkKey = (key: string): string => (key.length <= LONGEST && KEY.test(key) ? key : refuse(key));

export const checkPrefix = (prefix: string): string => (prefix.length <= LONGEST && PREFIX.test(prefix) ? prefix : refuse(prefix));
