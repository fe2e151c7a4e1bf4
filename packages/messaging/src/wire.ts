import { ErrorPayload } from '@apwa/contracts';
import { z } from 'zod';

/** What a handler answers: the reply, or the error that it threw. */
export type Envelope = { ok: true; reply: unknown } | { ok: false; error: ErrorPayload };

/** A reply as Nest's NATS transport writes it. `err` is set by Nest itself, for what failed outside of a handler of ours. */
const ReplyPacket = z.union([
  z.object({ response: z.object({ ok: z.literal(true), reply: z.unknown() }) }),
  z.object({ response: z.object({ ok: z.literal(false), error: ErrorPayload }) }),
  z.object({ err: z.unknown().refine((err) => err !== undefined && err !== null) }),
]);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A request as Nest's NATS transport reads it. `id` tells it from an event; replies are matched by inbox, so it may repeat. */
export const encodeRequest = (subject: string, data: unknown): Uint8Array =>
  encoder.encode(JSON.stringify({ pattern: subject, data, id: '0' }));

export const encodeReply = (envelope: Envelope): Uint8Array =>
  encoder.encode(JSON.stringify({ response: envelope, isDisposed: true, id: '0' }));

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

/** Throws what `JSON.parse` throws. */
export const decodeJson = (data: Uint8Array): unknown => JSON.parse(decoder.decode(data));

/** The envelope of a reply, or null if it holds none. */
export const decodeReply = (data: Uint8Array): Envelope | null => {
  let packet: z.infer<typeof ReplyPacket>;
  try {
    packet = ReplyPacket.parse(decodeJson(data));
  } catch {
    return null;
  }
  if ('response' in packet) return packet.response;
  const message = typeof packet.err === 'string' ? packet.err : JSON.stringify(packet.err);
  return { ok: false, error: { code: 'handler_failed', class: 'internal', message } };
};

/**
 * A message with this header on a reply inbox says that the handler is at work. Without it, who waits for a slow operation
 * could not tell a busy service from a dead one before the operation's deadline, which may be minutes away.
 */
export const ALIVE_HEADER = 'Apwa-Alive';
/** A service that is silent for this long is taken for dead: three signs of life missed, and time for a blocked event loop. */
export const SILENCE_MS = 10_000;
