import { Logger } from '@nestjs/common';
import { type NatsConnection } from '@nats-io/transport-node';
import {
  ApwaError,
  excerpt,
  inboxPrefix,
  InternalError,
  type NatsAccess,
  type Notice,
  type Operation,
  pathOf,
  refusedByShape,
  type ServiceName,
} from '@apwa/contracts';
import { type z } from 'zod';
import { type Connector, openConnection } from './connection.js';
import { Link } from './link.js';
import { ReplyInbox } from './reply-inbox.js';
import { decodeJson, decodeReply, encodeJson, encodeRequest } from './wire.js';

export interface RequestOptions {
  /** Milliseconds; default: the operation's own. A wait for the connection counts. */
  deadlineMs?: number;
  /** Ends the wait with the signal's reason; the other side is not told. */
  signal?: AbortSignal;
}

/** Requests and notices over one connection to NATS, which is kept up for ever. */
export class Messaging {
  private readonly log = new Logger('Messaging');
  private readonly link: Link;
  /** For requests that are no operations of ours: JetStream's. */
  readonly inbox: ReplyInbox;

  constructor(
    readonly connection: NatsConnection,
    service?: ServiceName,
  ) {
    this.link = new Link(connection);
    this.inbox = new ReplyInbox(connection, this.link, service && inboxPrefix(service));
  }

  /** Resolves with the first connection, however long that takes. RefusedError `invalid_setting` if the access is none. */
  static async connect(access: NatsAccess, connector: Connector): Promise<Messaging> {
    return new Messaging(await openConnection(access, connector), connector.service);
  }

  get connected(): boolean {
    return this.link.connected;
  }

  /** Resolves at once if connected; rejects with the signal's reason, or TransientError `connection_closed`. */
  whenConnected(signal?: AbortSignal): Promise<void> {
    return this.link.whenConnected(signal);
  }

  /** Called each time the connection is back after it broke. Returns what ends that. */
  onReconnect(callback: () => void): () => void {
    return this.link.onConnect(callback);
  }

  /** Called each time the connection breaks or is closed. Returns what ends that. */
  onDisconnect(callback: () => void): () => void {
    return this.link.onDisconnect(callback);
  }

  /**
   * Asks the operation's service and gives its parsed reply. Throws
   * - the class that the handler threw (`RefusedError` with every fault if the payload is wrong, found before it is sent);
   * - TransientError `no_responder` (nobody serves it now), `deadline_exceeded`, `connection_lost` (the connection broke under
   *   the request) or `responder_lost` (no sign of life from the service): after these three it may have been carried out;
   * - PermanentError `not_permitted` (NATS does not let this service ask that); InternalError `malformed_reply`.
   */
  async request<O extends Operation>(
    operation: O,
    payload: z.input<O['request']>,
    { deadlineMs = operation.deadlineMs, signal }: RequestOptions = {},
  ): Promise<z.output<O['reply']>> {
    const parsed = operation.request.safeParse(payload);
    if (!parsed.success) throw refusedByShape(parsed.error, operation.subject);
    const message = await this.inbox.send(operation.subject, encodeRequest(operation.subject, parsed.data), { deadlineMs, signal });
    const envelope = decodeReply(message.data);
    if (!envelope) throw malformedReply(operation.subject, 'it is not of the form of a reply', message.data);
    if (!envelope.ok) throw ApwaError.fromPayload(envelope.error);
    const reply = operation.reply.safeParse(envelope.reply);
    if (!reply.success) throw malformedReply(operation.subject, reply.error, envelope.reply);
    return reply.data as z.output<O['reply']>;
  }

  /** Tells whoever listens. It may be lost, and is when the connection is down; nothing may depend on it but speed. */
  publish<N extends Notice>(notice: N, payload: z.input<N['payload']>): void {
    const parsed = notice.payload.safeParse(payload);
    if (!parsed.success) throw refusedByShape(parsed.error, notice.subject);
    if (!this.connected || this.connection.isClosed()) return;
    this.connection.publish(notice.subject, encodeJson(parsed.data));
  }

  /** Hands every notice to `handler`; a payload of another shape is logged and dropped, and so is what the handler throws. */
  subscribe<N extends Notice>(notice: N, handler: (payload: z.output<N['payload']>) => void | Promise<void>): () => void {
    const subscription = this.connection.subscribe(notice.subject, {
      callback: (error, message) => {
        if (error) return this.log.error(`${notice.subject}: ${error.message}`);
        void this.deliver(notice, message.data, handler);
      },
    });
    return () => subscription.unsubscribe();
  }

  /** Sends what is buffered, then closes. What waits for a reply is rejected with TransientError `connection_closed`. */
  async close(): Promise<void> {
    this.inbox.close();
    if (this.connection.isClosed()) return;
    if (this.connected) await Promise.race([this.connection.flush().catch(() => undefined), wait(FLUSH_MS)]);
    await this.connection.close();
  }

  private async deliver<N extends Notice>(
    notice: N,
    data: Uint8Array,
    handler: (payload: z.output<N['payload']>) => void | Promise<void>,
  ): Promise<void> {
    try {
      const parsed = notice.payload.safeParse(decodeJson(data));
      if (parsed.success) await handler(parsed.data as z.output<N['payload']>);
      else this.log.warn(`${notice.subject}: dropped, ${refusedByShape(parsed.error, notice.subject).message}`);
    } catch (thrown) {
      this.log.error(`${notice.subject}: ${ApwaError.from(thrown).message}`);
    }
  }
}

/** A flush waits for NATS' answer; on closing, no longer than this. Milliseconds. */
const FLUSH_MS = 1_000;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

const malformedReply = (subject: string, fault: string | z.ZodError, value: unknown): InternalError => {
  const text = typeof fault === 'string' ? fault : fault.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`).join('; ');
  return new InternalError('malformed_reply', `${subject}: the reply was not understood: ${excerpt(text)}`, {
    value: value instanceof Uint8Array ? `${value.length} bytes` : value,
  });
};
