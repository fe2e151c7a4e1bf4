import { ApwaError, type Run } from '@apwa/contracts';

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

export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof ApwaError && error.class === 'refused' ? EXIT.usage : EXIT.failed;

/** An error for a person: what is wrong, where, and what would be right; every fault on a line of its own. */
export const explain = (thrown: unknown): string => {
  const { message, details } = ApwaError.from(thrown);
  const lines = [message];
  const only = details.faults?.length === 1 && message.includes(details.faults[0]?.message ?? '');
  if (details.faults?.length && !only)
    for (const { field, message: fault, value, allowed } of details.faults)
      lines.push(
        `  ${field}: ${fault}${value === undefined ? '' : ` (found ${value})`}${allowed === undefined ? '' : ` — allowed: ${allowed}`}`,
      );
  else {
    if (details.field && !message.includes(details.field)) lines.push(`  field: ${details.field}`);
    if (details.value !== undefined && !message.includes(details.value)) lines.push(`  found: ${details.value}`);
    if (details.allowed) lines.push(`  allowed: ${details.allowed}`);
  }
  return lines.join('\n');
};
