import { ApwaError, RefusedError } from '@apwa/contracts';

/** A fault of a file at a line. The import ends with it, or with `skipBadRows` the row is put aside. */
export class BadRow extends Error {
  constructor(
    readonly file: string,
    /** From 1; null where the file has no lines. */
    readonly line: number | null,
    /** What is wrong, as a clause without its place. */
    readonly reason: string,
    /** What stands there. */
    readonly text: string,
    readonly allowed?: string,
  ) {
    super(reason);
  }

  refusal(): RefusedError {
    return badInput(this.file, this.line, this.reason, { value: this.text, allowed: this.allowed });
  }
}

/** Refuses a file as a whole: `bad_input`, its field naming file and line as `messages.csv:17`. */
export const badInput = (
  file: string,
  line: number | null,
  reason: string,
  { value, allowed, cause }: { value?: string | undefined; allowed?: string | undefined; cause?: unknown } = {},
): RefusedError =>
  new RefusedError('bad_input', line === null ? `${file}: ${reason}.` : `${file}, line ${line}: ${reason}.`, {
    field: line === null ? file : `${file}:${line}`,
    ...(value === undefined ? {} : { value }),
    ...(allowed === undefined ? {} : { allowed }),
    cause,
  });

/** Anything thrown while a file was read, as an error that names the file. */
export const faultOfFile = (file: string, thrown: unknown): Error => {
  if (thrown instanceof BadRow) return thrown.refusal();
  if (thrown instanceof ApwaError) return thrown;
  const code = (thrown as { code?: unknown } | null)?.code;
  // zlib names its faults so; the system's own (a full disk) are no fault of the file.
  if (typeof code === 'string' && /^Z_/.test(code))
    return badInput(file, null, 'the gzip data are damaged or end too early', { allowed: 'a complete gzip file', cause: thrown });
  return thrown instanceof Error ? thrown : new Error(String(thrown));
};
