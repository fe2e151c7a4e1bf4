import { type Messaging } from '@apwa/messaging';
import { jetstreamManager } from '@nats-io/jetstream';

/** Bytes that JetStream holds, of all streams together. */
export const jetStreamBytes = async ({ connection }: Messaging): Promise<number> => {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  let bytes = 0;
  for await (const { state } of manager.streams.list()) bytes += state.bytes;
  return bytes;
};
