import { executorOperations, type Member } from '@apwa/contracts';
import { connect } from '@nats-io/transport-node';
import { type NatsServer } from '../nats/nats-server.js';
import { commandOf, descendantsOf } from '../processes/process-table.js';

const { subject, reply } = executorOperations.listMembers;

/**
 * The members that the executor has accepted; null if it does not answer yet. It is asked as Nest's NATS transport is: this
 * package starts the services and must not need their libraries.
 */
export const listMembers = async ({ url, access: { caFile } }: Pick<NatsServer, 'url' | 'access'>): Promise<Member[] | null> => {
  const { host, username, password } = new URL(url);
  const connection = await connect({
    servers: host,
    ...(password ? { user: username, pass: password } : {}),
    ...(caFile ? { tls: { caFile } } : {}),
    reconnect: false,
    timeout: 2_000,
  }).catch(() => null);
  if (!connection) return null;
  try {
    const answer = await connection.request(subject, JSON.stringify({ pattern: subject, data: {}, id: '0' }), { timeout: 2_000 });
    const packet: { response?: { ok?: boolean; reply?: unknown } } = answer.json();
    return packet.response?.ok ? reply.parse(packet.response.reply).members : null;
  } catch {
    return null;
  } finally {
    await connection.close();
  }
};

/** Process numbers of the pool members that an executor started. */
export const memberPidsOf = async (executor: number): Promise<number[]> => {
  const children = await descendantsOf(executor);
  const commands = await Promise.all(children.map(async (pid) => ({ pid, command: await commandOf(pid) })));
  return commands.filter(({ command }) => command?.includes('/worker-pool/dist/main.js')).map(({ pid }) => pid);
};
