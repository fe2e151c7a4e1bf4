import { ApwaError, TransientError } from '@apwa/contracts';
import { type Database } from './database.js';

/** SQLSTATE classes and codes that say that the server, not the statement, is at fault. */
const UNAVAILABLE = /^(08...|57P0[1-5]|53...|25006|40001|40P01)$/;
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN']);
/** Prisma: the server is not reached, the connection was closed, timeouts of the pool and of transactions, write conflicts. */
const PRISMA = new Set(['P1000', 'P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);
const KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TransactionWriteConflict',
  'TlsConnectionError',
]);

/** Tells by codes alone whether an error means that Postgres cannot be used just now. */
const isDatabaseUnavailable = (thrown: unknown): boolean => {
  for (let error = thrown, depth = 0; typeof error === 'object' && error !== null && depth < 6; depth++) {
    const { name, code, kind, originalCode, cause, meta } = error as Record<string, unknown>;
    if (name === 'PrismaClientInitializationError') return true;
    if (typeof code === 'string' && (PRISMA.has(code) || SOCKET.has(code) || UNAVAILABLE.test(code))) return true;
    if (typeof originalCode === 'string' && UNAVAILABLE.test(originalCode)) return true;
    if (typeof kind === 'string' && KINDS.has(kind)) return true;
    error = cause ?? (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  }
  return false;
};

/** Anything that was thrown, as an error of ours; an unavailable Postgres is transient. */
export const ofAnything = (thrown: unknown): ApwaError =>
  !(thrown instanceof ApwaError) && isDatabaseUnavailable(thrown)
    ? new TransientError('database_unavailable', 'Postgres cannot be reached just now.', { cause: thrown })
    : ApwaError.from(thrown);

/** Whether Postgres answers. */
export const answers = async (database: Database): Promise<boolean> =>
  database.$queryRaw`SELECT 1`.then(
    () => true,
    () => false,
  );

/** A row with this key is there already. */
export const isDuplicate = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && (thrown as { code?: unknown }).code === 'P2002';
