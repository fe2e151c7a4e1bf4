import { allFabricOperations, fabricReported } from './fabric.js';
import { type Notice, notices, type Operation, operations, type ServiceName } from './messages.js';

/** Where replies to a service come: nobody else may listen there. Its processes add a name of their own. */
export const inboxPrefix = (service: ServiceName) => `_INBOX.${service}`;

/** While a handler is at work it says so to who asked, this often; milliseconds. */
export const ALIVE_EVERY_MS = 2_500;

/** What a service may say and hear over NATS; all else is refused there. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** It may also answer who has asked it: so many messages for each request, for so long. Null: it may not. */
  readonly replies: { readonly max: number; readonly withinMs: number } | null;
}

export const everyOperation: readonly Operation[] = [...operations, ...allFabricOperations];
export const everyNotice: readonly Notice[] = [...notices, fabricReported];

/** JetStream's own subjects that the journal needs: it has an account of its own, so `*` is our streams alone. */
const streams = (...calls: string[]) => calls.map((call) => `$JS.API.${call}`);
const READ_JOURNAL = streams('STREAM.INFO.*', 'DIRECT.GET.*');
const JOURNAL: Partial<Record<ServiceName, readonly string[]>> = {
  executor: [...READ_JOURNAL, ...streams('STREAM.NAMES', 'STREAM.CREATE.*', 'STREAM.UPDATE.*', 'STREAM.PURGE.*', 'STREAM.DELETE.*')],
  // Of all attempts: which one a member holds, no subject can tell.
  'worker-pool': [...READ_JOURNAL, 'apwa.journal.*.*.*.*'],
};

/**
 * Whether a service may answer into every inbox of who may ask it, and not only to who just has. The executor may: it holds the truth
 * anyway, and NATS forgets who has asked when a connection breaks. A commit's answer, say, would be lost with it.
 */
export const answersFreely = (service: ServiceName) => service === 'executor';

export const permissionsOf = (service: ServiceName): Permissions => {
  const answered = everyOperation.filter((operation) => operation.service === service);
  const asked = everyOperation.filter(({ callers }) => callers.includes(service));
  const told = everyNotice.filter(({ from }) => from === service);
  const heard = everyNotice.filter(({ to }) => to === service);
  const askers = [...new Set(answered.flatMap(({ callers }) => callers))];
  const longestMs = Math.max(0, ...answered.map(({ deadlineMs }) => deadlineMs));
  const waitsForReplies = asked.length > 0;
  return {
    publish: [
      ...asked.map(({ subject }) => subject),
      ...told.map(({ subject }) => subject),
      ...(JOURNAL[service] ?? []),
      ...(answersFreely(service) ? askers.map((asker) => `${inboxPrefix(asker)}.>`) : []),
    ].sort(),
    subscribe: [
      ...answered.map(({ subject }) => subject),
      ...heard.map(({ subject }) => subject),
      ...(waitsForReplies ? [`${inboxPrefix(service)}.>`] : []),
    ].sort(),
    // Twice the longest deadline, for who has asked with a longer one, and all signs of life within it. Administrators ask too.
    replies: answered.length === 0 ? null : { max: Math.ceil((longestMs * 2) / ALIVE_EVERY_MS) + 1, withinMs: longestMs * 2 },
  };
};
