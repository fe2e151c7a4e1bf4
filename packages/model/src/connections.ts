import { Client, type Dispatcher } from 'undici';
import { type Cancel } from './cancel.js';

/** How long a connection may take to be made; the answer has the call's own time. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Providers close idle connections after some seconds; going first avoids requests into a closing one. */
const KEEP_ALIVE_MS = 4_000;

/** Connections that are made at the same time: thousands at once would overrun a server's queue, and be taken for an outage. */
const MOST_CONNECTING = 256;

type HeaderValues = Record<string, string | string[] | undefined>;

/** An answer, whole and in memory. */
export interface Received {
  status: number;
  headers: HeaderValues;
  body: Buffer;
}

export interface Exchange {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** An answer that cannot be taken, whatever its content. */
export class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge';
}

/** Takes in one answer. `free` is called when its connection can be used again, or is gone. */
class Receiver implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: HeaderValues = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly mostBytes: number,
    private readonly cancel: Cancel,
    private readonly resolve: (received: Received) => void,
    private readonly reject: (error: Error) => void,
    private readonly free: () => void,
  ) {
    // Whoever waits hears of it at once; the connection may have to be made first to be ended.
    cancel.onEnd((reason) => {
      reject(reason);
      this.#controller?.abort(reason);
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.cancel.reason) controller.abort(this.cancel.reason);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HeaderValues): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.mostBytes) controller.abort(new ResponseTooLarge());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.free();
    const [first, ...more] = this.#chunks;
    const body = more.length === 0 && first ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.free();
    this.reject(error);
  }
}

/** A connection, or one that is being made. */
class Connection {
  readonly client: Client;
  #lost = false;
  #busy = true;

  /** `made` is called when it is made or cannot be; `gone` when it is of no use to further calls. */
  constructor(
    origin: string,
    made: () => void,
    private readonly gone: () => void,
  ) {
    this.client = new Client(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      allowH2: false,
    });
    const lost = () => {
      made();
      this.#lost = true;
      // A call that is on it hears of it by itself, or is sent once more by undici if it had not gone out.
      if (!this.#busy) this.#end();
    };
    this.client.on('connect', made).on('disconnect', lost).on('connectionError', lost);
  }

  /** Whether it can be taken for a call; if so it is. */
  take(): boolean {
    if (this.#lost) return false;
    this.#busy = true;
    return true;
  }

  /** Its call is over; whether it can be used again. */
  leave(): boolean {
    this.#busy = false;
    if (this.#lost) this.#end();
    return !this.#lost;
  }

  #end(): void {
    this.gone();
    this.client.destroy().catch(() => undefined);
  }
}

/**
 * Connections to one origin, as many as there are calls at once, each with one call at a time. Free ones lie on a stack: the
 * next one is found without a search however many there are, and those that are not needed any more grow cold and close.
 * No timeouts but the call's own (undici's 300 s would end long answers), no redirects, no cookies, no proxies of the environment.
 */
export class Connections {
  readonly #all = new Set<Connection>();
  readonly #free: Connection[] = [];
  /** Calls without a connection, in the order in which they came. */
  readonly #waiting: (() => void)[] = [];
  #connecting = 0;

  constructor(
    private readonly origin: string,
    private readonly mostBytes: number,
  ) {}

  /** Posts, and takes the whole answer. Rejects with what ended the call, or the connection's error. */
  post(exchange: Exchange, cancel: Cancel): Promise<Received> {
    return new Promise((resolve, reject) => {
      const send = () => this.#send(exchange, cancel, resolve, reject);
      if (this.#free.length > 0 || this.#connecting < MOST_CONNECTING) return send();
      cancel.onEnd(reject);
      this.#waiting.push(send);
    });
  }

  /** Ends those that are idle and those under way. */
  close(): void {
    for (const { client } of this.#all) client.destroy().catch(() => undefined);
    this.#all.clear();
    this.#free.length = 0;
  }

  #send({ path, headers, body }: Exchange, cancel: Cancel, resolve: (received: Received) => void, reject: (error: Error) => void): void {
    if (cancel.reason) return this.#next();
    const connection = this.#takeFree() ?? this.#open();
    const free = () => {
      if (connection.leave()) this.#free.push(connection);
      this.#next();
    };
    // Not in the midst of what undici does at the end of a call.
    const receiver = new Receiver(this.mostBytes, cancel, resolve, reject, () => queueMicrotask(free));
    connection.client.dispatch({ origin: this.origin, path, method: 'POST', headers, body }, receiver);
  }

  #takeFree(): Connection | undefined {
    for (let one = this.#free.pop(); one; one = this.#free.pop()) if (one.take()) return one;
    return undefined;
  }

  #open(): Connection {
    this.#connecting++;
    let pending = true;
    const made = () => {
      if (!pending) return;
      pending = false;
      this.#connecting--;
      this.#next();
    };
    const connection = new Connection(this.origin, made, () => this.#all.delete(connection));
    this.#all.add(connection);
    return connection;
  }

  #next(): void {
    if (this.#free.length > 0 || this.#connecting < MOST_CONNECTING) this.#waiting.shift()?.();
  }
}
