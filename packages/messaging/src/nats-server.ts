import { type CustomTransportStrategy, type NatsContext, ServerNats } from '@nestjs/microservices';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { ALIVE_EVERY_MS, answersFreely, ApwaError, type NatsAccess, PermanentError, RefusedError, type ServiceName } from '@apwa/contracts';
import { connectionOptions, openConnection } from './connection.js';
import { Refusals } from './refusals.js';
import { ALIVE_HEADER, decodeJson, encodeReply, type Envelope } from './wire.js';

/** A reply as Nest hands it to the publisher. */
interface NestReply {
  response?: Envelope;
  err?: unknown;
  isDisposed?: boolean;
}

/** On closing, handlers under way may take this long; milliseconds. */
const DRAIN_MS = 10_000;

/**
 * Nest's NATS transport with what a service of ours needs besides: it waits for NATS and reconnects for ever, says that slow
 * handlers are at work, answers what Nest would leave unanswered (a request that is no JSON, a reply that is too large), and
 * closes gracefully. It has a connection of its own, so that handlers can still make requests while it drains.
 */
export class DrainingNatsServer extends ServerNats implements CustomTransportStrategy {
  private connection: NatsConnection | null = null;
  private readonly taking = new Set<Subscription>();
  /** Requests that wait for their reply, and the monotonic milliseconds when they came. */
  private readonly underWay = new Map<Msg, number>();
  private readonly alive = headers();
  private saying: NodeJS.Timeout | undefined;

  constructor(private readonly settings: { nats: NatsAccess; service: ServiceName; name: string; drainMs?: number }) {
    super({ ...connectionOptions(settings.nats, settings), deserializer: { deserialize: requestOf } });
    this.alive.set(ALIVE_HEADER, '1');
  }

  override async createNatsClient(): Promise<NatsConnection> {
    this.connection = await openConnection(this.settings.nats, this.settings);
    this.saying = setInterval(() => this.sayAlive(), ALIVE_EVERY_MS);
    this.saying.unref();
    void this.follow(this.connection);
    return this.connection;
  }

  /** Ready means that NATS knows of the handlers: whoever asks from then on finds them. */
  override start(callback: (error?: unknown) => void): void {
    const connection = this.unwrap<NatsConnection>();
    this.bindEvents(connection);
    // If the connection breaks meanwhile, the subscriptions are made again with the next one.
    connection.flush().then(
      () => callback(),
      () => callback(),
    );
  }

  override bindEvents(connection: NatsConnection): void {
    for (const [subject, handler] of this.messageHandlers) {
      const queue = (handler.extras as { queue?: string } | undefined)?.queue;
      const callback = this.getMessageHandler(subject).bind(this) as (error: Error | null, message: Msg) => void;
      this.taking.add(connection.subscribe(subject, { ...(queue ? { queue } : {}), callback }));
    }
  }

  /** Nest's own would tell of each break a second time: the connection of `Messaging` breaks with this one. */
  override async handleStatusUpdates(): Promise<void> {}

  override async handleMessage(channel: string, message: Msg): Promise<unknown> {
    this.underWay.set(message, performance.now());
    try {
      return (await super.handleMessage(channel, message)) as unknown;
    } catch (thrown) {
      this.finish(message, { ok: false, error: ApwaError.from(thrown).toPayload() });
      throw thrown;
    }
  }

  override getPublisher(message: Msg, _id: string, _context: NatsContext): (reply: NestReply) => void {
    return ({ response, err }) => {
      if (response) this.finish(message, response);
      else if (err !== undefined) this.finish(message, { ok: false, error: ApwaError.from(err).toPayload() });
    };
  }

  /** Takes no new requests, lets handlers under way finish (`drainMs`, default 10 s), sends their replies, then closes. */
  override async close(): Promise<void> {
    const connection = this.connection;
    if (!connection) return;
    this.connection = null;
    const deadline = performance.now() + (this.settings.drainMs ?? DRAIN_MS);
    await within(deadline, Promise.allSettled([...this.taking].map((subscription) => subscription.drain())));
    while (this.underWay.size > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.underWay.size > 0) this.logger.warn(`${this.underWay.size} requests were still under way when the service closed`);
    await within(
      deadline,
      connection.flush().catch(() => undefined),
    );
    clearInterval(this.saying);
    await connection.close();
    await super.close();
  }

  /** Handlers that NATS does not let it serve, and replies that it does not let it send, must be seen. */
  private async follow(connection: NatsConnection): Promise<void> {
    const refusals = new Refusals();
    const forgetful = !answersFreely(this.settings.service);
    for await (const status of connection.status()) {
      // NATS forgets with a connection who has asked over it: no answer of these would reach them.
      if (status.type === 'disconnect' && forgetful) this.underWay.clear();
      refusals.note(status);
    }
  }

  private finish(message: Msg, envelope: Envelope): void {
    if (!this.underWay.delete(message)) return;
    try {
      message.respond(this.fit(message, encodeReply(envelope)));
    } catch (error) {
      this.logger.error(`${message.subject}: the reply could not be sent: ${String(error)}`);
    }
  }

  private fit(message: Msg, data: Uint8Array): Uint8Array {
    const limit = this.connection?.info?.max_payload ?? Infinity;
    if (data.length <= limit) return data;
    const error = new PermanentError('reply_too_large', `The reply of ${message.subject} is larger than NATS takes.`, {
      field: message.subject,
      value: `${data.length} bytes`,
      allowed: `at most ${limit} bytes`,
    });
    return encodeReply({ ok: false, error: error.toPayload() });
  }

  private sayAlive(): void {
    const oldest = performance.now() - ALIVE_EVERY_MS;
    for (const [message, since] of this.underWay) if (since < oldest) message.respond(undefined, { headers: this.alive });
  }
}

const within = (deadline: number, work: Promise<unknown>): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
  });
  return Promise.race([work, expired]).finally(() => clearTimeout(timer));
};

/** Whatever comes is a request: one without Nest's `id` would be an event to Nest, and its sender would wait in vain. */
const requestOf = (message: Msg): { pattern: string; data: unknown; id: string } => {
  try {
    const packet = decodeJson(message.data) as { data?: unknown } | null;
    return { pattern: message.subject, data: packet?.data, id: '0' };
  } catch (cause) {
    throw new RefusedError('invalid_json', `A request to ${message.subject} is no JSON.`, { field: message.subject, cause });
  }
};
