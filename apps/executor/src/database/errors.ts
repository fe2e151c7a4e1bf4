/** SQLSTATE codes that say that the server, not the statement, is at fault. */
const UNAVAILABLE = /^(08...|57P0[1-5]|53...|25006|58...)$/;
/** The connections that are there lead nowhere: to a server that is shutting down, or to one that was demoted (HAZARDS K9). */
const LEADS_NOWHERE = /^(57P0[1-5]|25006)$/;
/** Another transaction was in the way: the same again may succeed. */
const CONFLICT = /^(40001|40P01)$/;
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN']);
/** Prisma's own codes: the server is not reached, the connection was closed, timeouts of the pool and of transactions. */
const PRISMA_UNAVAILABLE = new Set(['P1000', 'P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037']);
const PRISMA_CONFLICT = 'P2034';
const KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections', 'TlsConnectionError']);

export type DatabaseFault = 'unavailable' | 'leads_nowhere' | 'conflict' | 'other';

/** What is wrong, by codes alone: errors of Prisma carry those of its adapter, and these those of Postgres. */
export const faultOf = (thrown: unknown): DatabaseFault => {
  const found = codesOf(thrown);
  if (found.some((code) => LEADS_NOWHERE.test(code))) return 'leads_nowhere';
  if (found.some((code) => CONFLICT.test(code) || code === PRISMA_CONFLICT || code === 'TransactionWriteConflict')) return 'conflict';
  if (found.some((code) => UNAVAILABLE.test(code) || SOCKET.has(code) || PRISMA_UNAVAILABLE.has(code) || KINDS.has(code)))
    return 'unavailable';
  return 'other';
};

const codesOf = (thrown: unknown): string[] => {
  const codes: string[] = [];
  const seen = new Set<unknown>();
  const visit = (error: unknown): void => {
    if (typeof error !== 'object' || error === null || seen.has(error) || seen.size > 20) return;
    seen.add(error);
    const { name, code, kind, originalCode, cause, meta, errors } = error as Record<string, unknown>;
    if (name === 'PrismaClientInitializationError') codes.push('P1001');
    for (const text of [code, kind, originalCode]) if (typeof text === 'string') codes.push(text);
    visit(cause);
    visit((meta as { driverAdapterError?: unknown; code?: unknown } | undefined)?.driverAdapterError);
    if (typeof (meta as { code?: unknown } | undefined)?.code === 'string') codes.push((meta as { code: string }).code);
    if (Array.isArray(errors)) errors.forEach(visit);
  };
  visit(thrown);
  return codes;
};
