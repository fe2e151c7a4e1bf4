import OpenAI from 'openai';
import { Cancel, follow } from './cancel.js';
import { type Transport } from './transport.js';

/** Headers that leave the process: neither the client's figures about this machine nor headers of its own environment variables. */
const SENT_HEADERS = ['accept', 'authorization', 'content-type', 'user-agent'];

type BuildRequest = OpenAI['buildRequest'];
type Options = Parameters<BuildRequest>[0];
type Built = Awaited<ReturnType<BuildRequest>>;

/** A request but its body: the same for every call of an endpoint, as long as its key is. */
interface Frame {
  path: string;
  authorization: string | null | undefined;
  url: string;
  headers: Headers;
}

/** The client says that a call took too long where it is told so by the words. */
class CallTimedOut extends Error {
  override readonly name = 'TimeoutError';
  constructor(ms: number) {
    super(`timed out after ${ms} ms`);
  }
}

const authorizationOf = ({ headers }: Options): string | null | undefined =>
  (headers as { Authorization?: string | null } | undefined)?.Authorization;

/**
 * The `openai` client with its two costly parts replaced, as it is made to be extended: the frame of a request is built by the
 * client once and then kept, and a call goes out over our transport, under one timer and with one place on its signal. What
 * answers and errors mean stays the client's. One try each: a further one would not know its signal.
 */
export class ModelClient extends OpenAI {
  #frame: Frame | undefined;
  /** What goes out of a frame's headers. */
  readonly #sent = new WeakMap<Headers, Record<string, string>>();

  constructor(
    private readonly transport: Transport,
    { baseURL }: { baseURL: string },
  ) {
    // Everything that the client would take from the environment is set: nothing of another account may be sent here.
    super({
      baseURL,
      // Each call brings its own header.
      apiKey: 'none',
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      logLevel: 'off',
    });
  }

  override async buildRequest(options: Options, context?: Parameters<BuildRequest>[1]): Promise<Built> {
    const { url, headers } = await this.#frameOf(options, context);
    const { signal } = options;
    // It goes with the request alone: on the options' one the client would hang listeners of its own, for each call.
    delete options.signal;
    const req = { method: 'post', headers, body: JSON.stringify(options.body), ...(signal ? { signal } : {}) };
    return { req, url, timeout: options.timeout ?? this.timeout };
  }

  override async fetchWithTimeout(url: string | URL | Request, init: RequestInit | undefined, ms: number): Promise<Response> {
    const cancel = new Cancel();
    const timer = setTimeout(() => cancel.end(new CallTimedOut(ms)), ms);
    const leave = init?.signal ? follow(init.signal, cancel) : undefined;
    try {
      const request = { url: url as string, headers: this.#sentOf(init?.headers as Headers), body: init?.body as string };
      return await this.transport.post(request, cancel);
    } finally {
      clearTimeout(timer);
      leave?.();
    }
  }

  async #frameOf(options: Options, context: Parameters<BuildRequest>[1]): Promise<Frame> {
    const authorization = authorizationOf(options);
    const kept = this.#frame;
    if (kept && kept.path === options.path && kept.authorization === authorization) return kept;
    const { req, url } = await super.buildRequest({ ...options }, context);
    this.#frame = { path: options.path, authorization, url, headers: req.headers };
    return this.#frame;
  }

  #sentOf(headers: Headers): Record<string, string> {
    const known = this.#sent.get(headers);
    if (known) return known;
    const named = SENT_HEADERS.map((name) => [name, headers.get(name)] as const);
    const sent = Object.fromEntries(named.filter((pair): pair is [string, string] => pair[1] !== null));
    this.#sent.set(headers, sent);
    return sent;
  }
}
