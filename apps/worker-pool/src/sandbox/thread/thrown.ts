import { excerpt, type RowErrorCode } from '@apwa/contracts';

/** What was thrown in the sandbox: an error's own properties, or any other value. */
export type Dumped = { name?: string; message?: string; stack?: string; lineNumber?: number } | null | undefined;

const LINE = /capability\.js:(\d+)/;
const LONGEST = 1_000;

/** What a row is told of it. */
export const failureOf = (
  dumped: Dumped,
  { timeoutMs, memoryMb }: { timeoutMs: number; memoryMb: number },
): { code: RowErrorCode; message: string } => {
  if (typeof dumped !== 'object' || dumped === null) return { code: 'capability_failed', message: `it threw ${excerpt(dumped, LONGEST)}` };
  if (dumped.name === 'InternalError' && dumped.message === 'interrupted')
    return { code: 'capability_timeout', message: tooLong(timeoutMs) };
  if (dumped.name === 'InternalError' && dumped.message === 'out of memory')
    return { code: 'capability_out_of_memory', message: tooMuch(memoryMb) };
  const line = dumped.lineNumber ?? LINE.exec(dumped.stack ?? '')?.[1];
  const at = line === undefined ? '' : ` (line ${line})`;
  return { code: 'capability_failed', message: excerpt(`${dumped.name ?? 'Error'}: ${dumped.message ?? ''}${at}`, LONGEST) };
};

const tooLong = (timeoutMs: number): string => `it took longer than ${timeoutMs} ms`;
const tooMuch = (memoryMb: number): string => `it took more than ${memoryMb} MiB of memory`;

export const textOf = (thrown: unknown): string => excerpt(thrown instanceof Error ? thrown.message : String(thrown), LONGEST);
