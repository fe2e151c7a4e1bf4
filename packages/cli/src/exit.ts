import { ApwaError, type Fault, type Run } from '@apwa/contracts';

/** Exit codes that scripts rely on. */
export const EXIT = { succeeded: 0, failed: 1, usage: 2, partiallySucceeded: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const exitCodeOfRun = ({ state, error }: Pick<Run, 'state' | 'error'>): ExitCode => {
  if (state === 'succeeded') return EXIT.succeeded;
  if (state === 'partially_succeeded') return EXIT.partiallySucceeded;
  if (state === 'cancelled') return EXIT.interrupted;
  // A plan or an input that was found wrong by the server is the caller's to change, like one that was found wrong here.
  return error?.class === 'refused' && INPUT_CODES.has(error.code) ? EXIT.usage : EXIT.failed;
};
const INPUT_CODES = new Set(['bad_input', 'invalid_plan', 'invalid_shape']);

/** Ended by Ctrl-C before there was a result. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  constructor() {
    super('Interrupted.');
  }
}

export const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  return error instanceof ApwaError && error.class === 'refused' ? EXIT.usage : EXIT.failed;
};

const faultLine = ({ field, message, value, allowed }: Fault): string =>
  [`  ${field}: ${message}`, value === undefined ? '' : `, found: ${value}`, allowed === undefined ? '' : `, allowed: ${allowed}`].join('');

/** What somebody at a terminal can do about a refusal of the manager. */
const ADVICE: Partial<Record<string, string>> = {
  key_missing: 'APWA_KEY or --key-file FILE gives a key; an admin makes one with: apwa keys create NAME --scope run',
  key_unknown: 'Is the key in APWA_KEY or the key file one of this manager? An admin lists them with: apwa keys list',
  key_revoked: 'An admin makes another one with: apwa keys create NAME --scope run',
  key_expired: 'An admin makes another one with: apwa keys create NAME --scope run',
  scope_too_small: 'An admin makes a key that may do more with: apwa keys create NAME --scope SCOPE',
};

/** An error for a person: what is wrong, where, and what would be right; every fault on a line of its own. */
export const explain = (thrown: unknown): string => {
  const { message, details, code } = ApwaError.from(thrown);
  const lines = [message];
  const advice = ADVICE[code];
  if (advice) return [...lines, `  ${advice}`].join('\n');
  if (details.faults?.length) lines.push(...details.faults.map(faultLine));
  else {
    if (details.field && !message.includes(details.field)) lines.push(`  field: ${details.field}`);
    if (details.value !== undefined && !message.includes(details.value)) lines.push(`  found: ${details.value}`);
    if (details.allowed) lines.push(`  allowed: ${details.allowed}`);
  }
  return lines.join('\n');
};
