import { readFile } from 'node:fs/promises';
import { type ApwaError, excerpt, InternalError, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { request } from 'undici';
import { z } from 'zod';
import { causeOf } from './cause-of.js';

export interface JobsClientOptions {
  /** Of the dashboard, for example `http://ray-head:8265`. */
  address: string;
  /** The token, read when it is used; null: the cluster asks for none. */
  token: () => Promise<string | null>;
  /** The longest that a call may take, milliseconds. Default 5,000. */
  timeoutMs?: number;
}

export const JobStatus = z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']);
export type JobStatus = z.infer<typeof JobStatus>;

/** What is read of a job; Ray says more. */
const Job = z.object({ submission_id: z.string().nullable(), status: JobStatus, message: z.string().nullish() });

export interface RayJob {
  /** Null: of a driver that was not submitted as a job. */
  readonly submissionId: string | null;
  readonly status: JobStatus;
  /** Why it failed; null if there is nothing to say. */
  readonly message: string | null;
}

export interface RayVersion {
  readonly ray: string;
  /** Another one is another cluster, or the same started anew. */
  readonly session: string;
}

export interface Submission {
  submissionId: string;
  entrypoint: string;
  /** `gcs://…` */
  workingDir: string;
  metadata?: Record<string, string>;
}

/** Of the state API; `result`: the nodes that it was asked for. */
const Nodes = z.object({ data: z.object({ result: z.object({ result: z.array(z.unknown()) }) }) });
const Version = z.object({ ray_version: z.string(), session_name: z.string().nullish() });
const DEFAULT_TIMEOUT_MS = 5_000;
/** Packages are up to 100 MiB. */
const UPLOAD_TIMEOUT_MS = 60_000;
/** The first job of a cluster waits for an agent that is starting. */
const SUBMIT_TIMEOUT_MS = 30_000;

interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: string | Uint8Array;
  timeoutMs?: number;
}

/**
 * Ray's Jobs API, and what of its state API is needed. Over undici's `request`, for Ray refuses whatever looks like a browser, and so Node's own `fetch`. All calls throw
 * - TransientError `ray_unreachable` (nobody answers in time), `ray_unavailable` (503);
 * - RefusedError `ray_token_missing` (401), `ray_token_wrong` (403), `ray_not_found` (404), `ray_refused` (other 4xx);
 * - PermanentError `ray_job_exists` for a submission id that was used before;
 * - InternalError `ray_failed` (5xx), with the cause of what Ray printed, `ray_malformed`.
 */
export class JobsClient {
  constructor(private readonly options: JobsClientOptions) {}

  get address(): string {
    return this.options.address.replace(/\/$/, '');
  }

  async version(): Promise<RayVersion> {
    const { ray_version: ray, session_name: session } = await this.json(Version, { method: 'GET', path: '/api/version' });
    return { ray, session: session ?? '' };
  }

  /** Whether the cluster's control store lives: with it dead, other calls may hang or say what was true before. */
  async isHealthy(): Promise<boolean> {
    try {
      await this.text({ method: 'GET', path: '/api/gcs_healthz' });
      return true;
    } catch {
      return false;
    }
  }

  /** Whether a node that was started with this name (`--node-name`) is alive. */
  async hasNode(name: string): Promise<boolean> {
    const wanted = Object.entries({ node_name: name, state: 'ALIVE' });
    const filters = wanted.map(([key, value]) => `filter_keys=${key}&filter_predicates=%3D&filter_values=${value}`);
    const { data } = await this.json(Nodes, { method: 'GET', path: `/api/v0/nodes?${filters.join('&')}` });
    return data.result.result.length > 0;
  }

  async jobs(): Promise<RayJob[]> {
    return (await this.json(z.array(Job), { method: 'GET', path: '/api/jobs/' })).map(jobOf);
  }

  /** Null if there is none of this id. */
  async job(submissionId: string): Promise<RayJob | null> {
    return orNull(this.json(Job, { method: 'GET', path: `/api/jobs/${submissionId}` }).then(jobOf));
  }

  async submit({ submissionId, entrypoint, workingDir, metadata = {} }: Submission): Promise<void> {
    const body = JSON.stringify({
      submission_id: submissionId,
      entrypoint,
      runtime_env: { working_dir: workingDir },
      metadata,
    });
    await this.text({ method: 'POST', path: '/api/jobs/', body, timeoutMs: SUBMIT_TIMEOUT_MS });
  }

  /** SIGTERM, and SIGKILL some seconds later. False if there is no such job. */
  async stop(submissionId: string): Promise<boolean> {
    return (await orNull(this.text({ method: 'POST', path: `/api/jobs/${submissionId}/stop` }))) !== null;
  }

  /** Of a job that has ended. */
  async delete(submissionId: string): Promise<boolean> {
    return (await orNull(this.text({ method: 'DELETE', path: `/api/jobs/${submissionId}` }))) !== null;
  }

  /** All that the job has printed; empty if there is none. */
  async logs(submissionId: string): Promise<string> {
    const answer = await orNull(this.json(z.object({ logs: z.string() }), { method: 'GET', path: `/api/jobs/${submissionId}/logs` }));
    return answer?.logs ?? '';
  }

  /** Puts a package there, unless it is there. `uri`: `gcs://NAME.zip`. */
  async upload(uri: string, zip: Uint8Array): Promise<void> {
    const path = `/api/packages/${uri.replace('://', '/')}`;
    if ((await orNull(this.text({ method: 'GET', path }))) !== null) return;
    await this.text({ method: 'PUT', path, body: zip, timeoutMs: UPLOAD_TIMEOUT_MS });
  }

  private async json<T>(schema: z.ZodType<T>, call: Call): Promise<T> {
    const text = await this.text(call);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new InternalError('ray_malformed', `Ray's answer to ${call.path} is not understood: ${excerpt(text)}`);
  }

  private async text({ method, path, body, timeoutMs = this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS }: Call): Promise<string> {
    const token = await this.options.token();
    const signal = AbortSignal.timeout(timeoutMs);
    let status: number;
    let text: string;
    try {
      const answer = await request(`${this.address}${path}`, {
        method,
        signal,
        headers: {
          'user-agent': 'apwa',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
        },
        body: body ?? null,
      });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (thrown) {
      const why = signal.aborted ? `no answer within ${timeoutMs} ms` : messageOf(thrown);
      throw new TransientError('ray_unreachable', `Ray at ${this.address} can't be reached: ${why}.`, { cause: thrown });
    }
    if (status >= 200 && status < 300) return text;
    throw errorOf(status, text, `${method} ${this.address}${path}`);
  }
}

/** The token of a file, without what an editor puts at its end. RefusedError `ray_token_unreadable`. */
export const tokenFrom = (path: string | undefined) => async (): Promise<string | null> => {
  if (path === undefined) return null;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new RefusedError('ray_token_unreadable', `The file of the cluster's token can't be read (${code ?? 'unknown reason'}).`, {
      field: 'tokenFile',
      value: path,
    });
  }
};

const jobOf = ({ submission_id, status, message }: z.infer<typeof Job>): RayJob => ({
  submissionId: submission_id,
  status,
  message: message ?? null,
});

const errorOf = (status: number, text: string, what: string): ApwaError => {
  const cause = causeOf(text);
  switch (status) {
    case 401:
      return new RefusedError('ray_token_missing', `${what}: the cluster asks for a token.`, {
        field: 'tokenFile',
        allowed: 'the file that holds the token of the cluster',
      });
    case 403:
      return new RefusedError('ray_token_wrong', `${what}: the cluster does not take the token.`, {
        field: 'tokenFile',
        allowed: 'the token that the cluster was started with',
      });
    case 404:
      return new RefusedError('ray_not_found', `${what}: ${cause}`);
    case 503:
      return new TransientError('ray_unavailable', `${what}: ${cause}`);
    default:
      // There is no code for it: the agent answers 400, the head 500.
      if (/already exists/i.test(text)) return new PermanentError('ray_job_exists', `${what}: ${cause}`);
      return status < 500
        ? new RefusedError('ray_refused', `${what}: HTTP ${status}: ${cause}`)
        : new InternalError('ray_failed', `${what}: HTTP ${status}: ${cause}`);
  }
};

const orNull = async <T>(call: Promise<T>): Promise<T | null> => {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof RefusedError && thrown.code === 'ray_not_found') return null;
    throw thrown;
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const messageOf = (thrown: unknown): string => {
  const { code, message } = thrown as { code?: string; message?: string };
  return code ?? message ?? String(thrown);
};
