import { SQL_LIMITS } from '@apwa/capabilities';
import { ApwaError, type JsonObject, type JsonValue, PermanentError, RefusedError, type RowErrorCode } from '@apwa/contracts';
import { type TableJobs } from '@apwa/tables';
import { Semaphore } from '../jobs/semaphore.js';
import { type OpenCapability } from './capability-call.js';

/** Processes at once, so that stages that work on whole tables have some too. */
const AT_ONCE = 2;

/** The calls of `builtin:sql` in this member: each in a process of its own, without files and network, which is ended at its limits. */
export const openSql = (jobs: TableJobs): OpenCapability['call'] => {
  const turns = new Semaphore(AT_ONCE);
  return async ({ given, control, agent }) => {
    const tables = tablesOf(given, agent?.values ?? null);
    try {
      return await turns.run(async () => {
        if (control.signal.aborted || !control.mayBegin()) return null;
        const { resultRows: maxRows, resultBytes: maxBytes, memoryMb, timeoutMs } = SQL_LIMITS;
        const request = { tables, query: given.query as string, maxRows, maxBytes, limits: { memoryMb, timeoutMs } };
        const { rows, cut } = await jobs.queryRows(request, { signal: control.signal });
        return { rows, cut };
      });
    } catch (thrown) {
      if (control.signal.aborted) return null;
      throw rowErrorOf(ApwaError.from(thrown));
    }
  };
};

/** Tables of a call. PermanentError `invalid_arguments` for one without rows: nobody knows its columns. */
const tablesOf = ({ rows, tables }: JsonObject, record: JsonObject | null): Record<string, JsonObject[]> => {
  const all: Record<string, JsonValue | undefined> = { ...(record ? { record: [record] } : {}), rows, ...(tables as JsonObject | null) };
  const given = Object.entries(all).flatMap(([name, list]) =>
    list === undefined || list === null ? [] : [[name, list as JsonObject[]] as const],
  );
  for (const [name, list] of given)
    if (!list.some((row) => Object.keys(row).length > 0))
      throw new PermanentError('invalid_arguments', `table ${name} has no rows: nobody knows its columns`);
  return Object.fromEntries(given);
};

/** A query is an argument: what is wrong with it is its row's fault, and none of the stage's. */
const rowErrorOf = (error: ApwaError): ApwaError => {
  const code = codeOf(error);
  return code ? new PermanentError(code, error.message, { cause: error }) : error;
};

const codeOf = (error: ApwaError): RowErrorCode | null => {
  if (error instanceof RefusedError) return 'invalid_arguments';
  if (!(error instanceof PermanentError)) return null;
  if (error.code.endsWith('_timeout')) return 'capability_timeout';
  return error.code.endsWith('_memory_limit') ? 'capability_out_of_memory' : 'capability_failed';
};
