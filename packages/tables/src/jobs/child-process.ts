import { type ChildProcess } from 'node:child_process';
import { type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ApwaError, InternalError, PermanentError } from '@apwa/contracts';
import { OUT_OF_MEMORY, spawnLimited, watchMemory } from './limited-process.js';
import { type JobKind, type JobReply, type JobRequest } from './protocol.js';

/**
 * The built child. The same path from `src` and from `dist`, so that tests run the very child that production runs.
 */
const CHILD = fileURLToPath(new URL('../../dist/jobs/child/main.js', import.meta.url));

/** JavaScript's own heap: rows on their way out, or an import's row group. MiB at least. */
const HEAP_MB = 128;
const LONGEST_STDERR = 8_192;
/** A reply is metadata, or a page of rows of 512 KiB at most. */
const LONGEST_REPLY = 16 * 1024 * 1024;

export interface ChildLimits {
  memoryMb: number;
  timeoutMs: number;
}

type Killed = 'memory' | 'timeout' | 'aborted' | null;

/**
 * Runs one job in a process of its own and kills it at its limits: DuckDB's own memory limit does not hold for every function, and
 * a query that was interrupted can strike the next one (HAZARDS §3). The process has no secrets in its environment.
 */
export const runChild = async (request: JobRequest, limits: ChildLimits, signal?: AbortSignal): Promise<unknown> => {
  signal?.throwIfAborted();
  const child = start(request, limits);
  let killed: Killed = null;
  const kill = (reason: Killed): void => {
    killed ??= reason;
    killGroup(child);
  };
  const onAbort = (): void => kill('aborted');
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => kill('timeout'), limits.timeoutMs);
  const watch = watchMemory(child, limits.memoryMb, () => kill('memory'));
  try {
    const ended = ending(child);
    // A child that died at once leaves a broken pipe: why it died is told by its end.
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(`${JSON.stringify(request)}\n`);
    const [reply, stderr, end] = await Promise.all([
      collect(child.stdio[3] as Readable, LONGEST_REPLY, () => kill('memory')),
      collect(child.stderr as Readable, LONGEST_STDERR),
      ended,
    ]);
    signal?.throwIfAborted();
    const killedFor = killed as Killed;
    if (killedFor !== null || reply === '') throw faultOf(request.work.kind, killedFor, end, stderr, limits);
    const answer = JSON.parse(reply) as JobReply;
    if ('error' in answer) throw renamed(request.work.kind, ApwaError.fromPayload(answer.error));
    return answer.result;
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal?.removeEventListener('abort', onAbort);
    killGroup(child);
  }
};

const start = ({ settings, work }: JobRequest, { memoryMb, timeoutMs }: ChildLimits): ChildProcess => {
  const heapMb =
    work.kind === 'import' || work.kind === 'split' || work.kind === 'bundle' ? Math.max(HEAP_MB, Math.floor(memoryMb / 2)) : HEAP_MB;
  const cpuSeconds = Math.ceil(timeoutMs / 1_000) * (settings.threads + 2) + 10;
  // A group of its own: an interrupt on the terminal is for the parent, which drains.
  return spawnLimited(CHILD, settings.folder, { memoryMb, heapMb, cpuSeconds }, { detached: true });
};

/** Kills a job's process and those that it has started. */
const killGroup = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    // None of them is left.
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
};

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const ending = (child: ChildProcess): Promise<End> =>
  new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new InternalError('job_not_started', 'The process of a job could not be started.', { cause })));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });

const collect = async (stream: Readable, longest: number, onTooLong?: () => void): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= longest) chunks.push(chunk);
    else onTooLong?.();
  }
  return Buffer.concat(chunks).toString('utf8');
};

const subject = (kind: JobKind): Exclude<JobKind, 'query' | 'check'> => (kind === 'query' || kind === 'check' ? 'sql' : kind);

const faultOf = (kind: JobKind, killed: Killed, { code, signal }: End, stderr: string, limits: ChildLimits): Error => {
  const name = subject(kind);
  if (killed === 'timeout' || signal === 'SIGXCPU')
    return new PermanentError(`${name}_timeout`, `The ${name} job took longer than ${limits.timeoutMs} ms and was stopped.`, {
      allowed: `${limits.timeoutMs} ms; see limits.${name === 'import' ? 'import' : 'sql'}.timeoutMs`,
    });
  if (killed === 'memory' || OUT_OF_MEMORY.test(stderr))
    return new PermanentError(`${name}_memory_limit`, `The ${name} job needed more than ${limits.memoryMb} MB of memory and was stopped.`, {
      allowed: `${limits.memoryMb} MB; see limits.${name === 'import' ? 'import' : 'sql'}.memoryMb`,
    });
  return new InternalError('job_died', `The process of the ${name} job ended (${signal ?? `exit code ${code}`}): ${stderr.slice(-500)}`);
};

/** A fault that DuckDB reports itself carries the name of SQL: in an import or an export it is that job's. */
const renamed = (kind: JobKind, error: ApwaError): ApwaError => {
  const name = subject(kind);
  if (name === 'sql' || !error.code.startsWith('sql_')) return error;
  const payload = error.toPayload();
  return ApwaError.fromPayload({ ...payload, code: payload.code.replace(/^sql_/, `${name}_`) });
};
