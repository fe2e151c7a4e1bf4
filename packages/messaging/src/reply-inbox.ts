import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { closedError, type Link } from './link.js';
import { ALIVE_HEADER, SILENCE_MS } from './wire.js';
import { reasonOf } from './abort.js';

export interface SendOptions {
  /** Milliseconds, the wait for a connection included. */
  deadlineMs: number;
  signal?: AbortSignal | undefined;
  headers?: MsgHdrs;
}

interface Pending {
  readonly subject: string;
  settle(outcome: { message: Msg } | { error: Error }): void;
  /** Monotonic milliseconds of the last sign of life. */
  heard: number;
}

/** How often the silent ones among the pending requests are looked for; milliseconds. */
const LOOK_EVERY_MS = 1_000;

/**
 * One subscription for the replies of all requests. The client's own request would do, but for three things: it knows no
 * signal, it waits out the deadline when the connection breaks under a request, and it takes signs of life for the reply.
 */
export class ReplyInbox {
  private readonly inbox: string;
  private readonly pending = new Map<string, Pending>();
  private readonly looking: NodeJS.Timeout;
  private next = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly link: Link,
    /** Of the service's own, where NATS lets nobody else listen. */
    prefix: string | undefined,
  ) {
    this.inbox = createInbox(prefix);
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (!error) this.take(message);
      },
    });
    link.onDisconnect(() => this.failAll(() => lostError()));
    link.onRefusal((subject) => this.failThose(subject));
    this.looking = setInterval(() => this.giveUpSilent(), LOOK_EVERY_MS);
    this.looking.unref();
  }

  /** Requests that wait for their reply. */
  get size(): number {
    return this.pending.size;
  }

  /**
   * Sends once the connection stands, and waits for one reply.
   * Rejects with TransientError `no_responder | deadline_exceeded | connection_lost | responder_lost | connection_closed`
   * (after `connection_lost` and later ones nobody knows whether the request was carried out), with RefusedError
   * `too_large`, with PermanentError `not_permitted` (NATS does not let this service ask that), or with the signal's reason.
   */
  async send(subject: string, data: Uint8Array, { deadlineMs, signal, headers }: SendOptions): Promise<Msg> {
    signal?.throwIfAborted();
    const deadline = performance.now() + deadlineMs;
    if (!this.link.connected) await this.connectedBefore(subject, deadlineMs, signal);
    return new Promise<Msg>((resolve, reject) => {
      const token = (this.next++).toString(36);
      const aborted = () => entry.settle({ error: reasonOf(signal) });
      const timer = setTimeout(
        () => entry.settle({ error: deadlineError(subject, deadlineMs) }),
        Math.max(0, deadline - performance.now()),
      );
      const entry: Pending = {
        subject,
        heard: performance.now(),
        settle: (outcome) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
          this.pending.delete(token);
          if ('message' in outcome) resolve(outcome.message);
          else reject(outcome.error);
        },
      };
      this.pending.set(token, entry);
      signal?.addEventListener('abort', aborted, { once: true });
      try {
        this.checkSize(subject, data);
        this.connection.publish(subject, data, { reply: `${this.inbox}.${token}`, ...(headers ? { headers } : {}) });
      } catch (error) {
        entry.settle({ error: this.connection.isClosed() ? closedError() : (error as Error) });
      }
    });
  }

  close(): void {
    clearInterval(this.looking);
    this.failAll(closedError);
  }

  private async connectedBefore(subject: string, deadlineMs: number, signal?: AbortSignal): Promise<void> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(deadlineError(subject, deadlineMs, 'NATS was not connected')), deadlineMs);
    try {
      await this.link.whenConnected(signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  private checkSize(subject: string, data: Uint8Array): void {
    const limit = this.connection.info?.max_payload ?? Infinity;
    if (data.length > limit)
      throw new RefusedError('too_large', `A message to ${subject} is larger than NATS takes.`, {
        field: subject,
        value: `${data.length} bytes`,
        allowed: `at most ${limit} bytes`,
      });
  }

  private take(message: Msg): void {
    const entry = this.pending.get(message.subject.slice(this.inbox.length + 1));
    if (!entry) return;
    if (message.headers?.has(ALIVE_HEADER)) entry.heard = performance.now();
    else if (message.headers?.code === 503 && message.data.length === 0)
      entry.settle({ error: new TransientError('no_responder', 'Nobody serves this subject at the moment.') });
    else entry.settle({ message });
  }

  private giveUpSilent(): void {
    const oldest = performance.now() - SILENCE_MS;
    for (const entry of this.pending.values())
      if (entry.heard < oldest)
        entry.settle({ error: new TransientError('responder_lost', `The service gave no sign of life for ${SILENCE_MS / 1000} s.`) });
  }

  private failThose(subject: string): void {
    const error = new PermanentError('not_permitted', `NATS refuses: this service's user may not publish to ${subject}.`, {
      field: subject,
    });
    for (const entry of [...this.pending.values()]) if (entry.subject === subject) entry.settle({ error });
  }

  private failAll(error: () => Error): void {
    for (const entry of [...this.pending.values()]) entry.settle({ error: error() });
  }
}

const lostError = () => new TransientError('connection_lost', 'The connection to NATS broke before the reply came.');

const deadlineError = (subject: string, deadlineMs: number, why = 'no reply came') =>
  new TransientError('deadline_exceeded', `${subject}: ${why} within ${deadlineMs} ms.`);
