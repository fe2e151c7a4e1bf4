import { z } from 'zod';

/**
 * Who can do something about an error:
 * - `transient`: trying again later may help (429, 5xx, timeout, a service that restarts);
 * - `permanent`: the same request will fail the same way (a row that the model refuses, a broken file);
 * - `refused`: the request itself is wrong: `field`, `value` and `allowed` say what to change (HTTP 4xx, exit code 2);
 * - `internal`: a fault of ours.
 */
export const ErrorClass = z.enum(['transient', 'permanent', 'refused', 'internal']);
export type ErrorClass = z.infer<typeof ErrorClass>;

/** An error as it crosses a border between services: in a NATS reply, an HTTP body, a journal record or a table row. */
export const ErrorPayload = z.strictObject({
  /** A stable word in lower snake case that programs may branch on. */
  code: z.string().regex(/^[a-z][a-z0-9_]*$/),
  class: ErrorClass,
  /** One sentence for a person. */
  message: z.string(),
  /** Path of what is wrong, for example `steps[1].input` or `models.small.baseUrl`. */
  field: z.string().optional(),
  /** The value that was found there, shortened to 200 characters. */
  value: z.string().optional(),
  /** What may stand there instead. */
  allowed: z.string().optional(),
  /** Several faults of one document, each with its own field. */
  faults: z
    .array(z.strictObject({ field: z.string(), message: z.string(), value: z.string().optional(), allowed: z.string().optional() }))
    .optional(),
  /** For `transient`: milliseconds after which another try makes sense, where the other side said so. */
  retryAfterMs: z.number().int().nonnegative().optional(),
});
export type ErrorPayload = z.infer<typeof ErrorPayload>;
export type Fault = NonNullable<ErrorPayload['faults']>[number];

export type ErrorDetails = Partial<Pick<ErrorPayload, 'field' | 'allowed' | 'faults' | 'retryAfterMs'>> & {
  /** Any value; shown as JSON, shortened. */
  value?: unknown;
  cause?: unknown;
};

/** The longest excerpt of a wrong value that an error shows, in characters. */
const VALUE_EXCERPT = 200;

export const excerpt = (value: unknown, length = VALUE_EXCERPT): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;
};

/** The base of every error of ours. Never branch on its text: `code` and `class` are there for that. */
export abstract class ApwaError extends Error {
  abstract readonly class: ErrorClass;
  readonly code: string;
  readonly details: Omit<ErrorDetails, 'cause' | 'value'> & { value?: string };

  constructor(code: string, message: string, { cause, value, ...details }: ErrorDetails = {}) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = { ...details, ...(value === undefined ? {} : { value: excerpt(value) }) };
  }

  toPayload(): ErrorPayload {
    return { code: this.code, class: this.class, message: this.message, ...this.details };
  }

  /** The class that was thrown on the other side of a border. */
  static fromPayload({ code, class: errorClass, message, ...details }: ErrorPayload): ApwaError {
    return new classes[errorClass](code, message, details);
  }

  /** Anything that was thrown, as an error of ours: what is not one becomes an `internal` error with it as its cause. */
  static from(thrown: unknown): ApwaError {
    if (thrown instanceof ApwaError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new InternalError('internal', message, { cause: thrown });
  }
}

export class TransientError extends ApwaError {
  readonly class = 'transient';
}
export class PermanentError extends ApwaError {
  readonly class = 'permanent';
}
export class RefusedError extends ApwaError {
  readonly class = 'refused';
}
export class InternalError extends ApwaError {
  readonly class = 'internal';
}

const classes = { transient: TransientError, permanent: PermanentError, refused: RefusedError, internal: InternalError } as const;

/** A zod error as one refusal that lists every fault. `root` names the document, for example `plan`. */
export const refusedByShape = (error: z.ZodError, root: string, code = 'invalid_shape'): RefusedError => {
  const faults = error.issues.map((issue) => ({ field: pathOf(issue.path) || root, message: issue.message }));
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new RefusedError(code, `${first?.field ?? root}: ${first?.message ?? 'invalid'}${more}`, { field: first?.field ?? root, faults });
};

/** `['steps', 1, 'input']` as `steps[1].input`. */
export const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)), '');
