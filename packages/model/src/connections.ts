import { Client, type Dispatcher } from 'undici';
import { type Cancel } from './cancel.js';

/** How long a connection may take to be made; the answer has the call's own time. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Providers close idle connections after some seconds; going first avoids requests into a closing one. */
const KEEP_ALIVE_MS = 4_000;

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

/**
 * Connections to one origin, as many as there are calls at once, each with one call at a time. Free ones lie on a stack: the
 * next one is found without a search however many there are, and those that are not needed any more grow cold and close.
 * No timeouts but the call's own (undici's 300 s would end long answers), no redirects, no cookies, no proxies of the environment.
 */
export class Connections {
  readonly #free: Client[] = [];
  readonly #all = new Set<Client>();

  constructor(
    private readonly origin: string,
    private readonly mostBytes: number,
  ) {}

  /** Posts, and takes the whole answer. Rejects with what ended the call, or the connection's error. */
  post({ path, headers, body }: Exchange, cancel: Cancel): Promise<Received> {
    return new Promise((resolve, reject) => {
      const client = this.#free.pop() ?? this.#open();
      const receiver = new Receiver(this.mostBytes, cancel, resolve, reject, () => this.#free.push(client));
      client.dispatch({ origin: this.origin, path, method: 'POST', headers, body }, receiver);
    });
  }

  /** Ends those that are idle and those under way. */
  close(): void {
    for (const client of this.#all) client.destroy().catch(() => undefined);
    this.#all.clear();
    this.#free.length = 0;
  }

  #open(): Client {
    const client = new Client(this.origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      allowH2: false,
    });
    this.#all.add(client);
    return client;
  }
}
