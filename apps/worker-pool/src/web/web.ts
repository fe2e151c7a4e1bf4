import { excerpt } from '@apwa/contracts';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector, fetch, type RequestInit, type Response } from 'undici';
import { isPublic } from './addresses.js';
import { hostOf, isListed } from './hosts.js';
import { WebError } from './web-error.js';

/** Names to addresses. */
export type Lookup = (host: string) => Promise<{ address: string }[]>;

export interface WebOptions {
  /** Hosts that may be reached wherever they are: all others at public addresses alone. */
  allowedHosts: readonly string[];
  lookup?: Lookup;
}

export interface WebRequest extends Pick<RequestInit, 'method' | 'headers' | 'body'> {
  /** Milliseconds, the answer's body included. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Redirects that are followed. Default: none, their answer is the answer. */
  redirects?: number;
  /** What else is asked of each URL, a redirect's too: throws WebError. */
  check?: (url: URL) => void;
}

const CONNECT_MS = 10_000;
/** Of one host; more wait. */
const CONNECTIONS = 64;
/** Headers that go along to another origin. */
const HARMLESS = ['accept', 'accept-language', 'user-agent'];

/**
 * HTTP to addresses that somebody else has chosen. The address that is checked is the one that is connected to, whatever a name stands for
 * a moment later; each redirect is checked as if it were the first.
 */
export class Web {
  readonly #agent: Agent;
  readonly #allowed: readonly string[];
  readonly #lookup: Lookup;

  constructor({ allowedHosts, lookup = (host) => systemLookup(host, { all: true, order: 'ipv4first' }) }: WebOptions) {
    this.#allowed = allowedHosts;
    this.#lookup = lookup;
    const connect = buildConnector({ timeout: CONNECT_MS });
    this.#agent = new Agent({
      connections: CONNECTIONS,
      connect: (options, callback) => {
        const { hostname, port, protocol } = options;
        this.#addressOf({ hostname, port, protocol }).then(
          // Certificates are checked against the name all the same: it stays in `host`.
          (address) => connect({ ...options, hostname: address }, callback),
          (error: Error) => callback(error, null),
        );
      },
    });
  }

  /** An answer whose body is still to be read. WebError. */
  async request(target: URL, { timeoutMs, signal, redirects = 0, check, ...init }: WebRequest = {}): Promise<Response> {
    const signals = [...(signal ? [signal] : []), ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)])];
    let url = target;
    let { method = 'GET', headers, body } = init;
    for (let followed = 0; ; followed++) {
      this.#check(url);
      check?.(url);
      const response = await this.#ask(
        url,
        { method, headers: headers ?? {}, body: body ?? null, signal: AbortSignal.any(signals) },
        timeoutMs,
      );
      const location = response.headers.get('location');
      if (redirects === 0 || response.status < 300 || response.status >= 400 || location === null) return response;
      await response.body?.cancel();
      if (followed === redirects) throw new WebError('redirects', `${url.host} led to more than ${redirects} redirects`);
      const next = URL.parse(location, url.href);
      if (!next) throw new WebError('redirects', `${url.host} redirects to what is no URL`);
      if (next.origin !== url.origin) headers = harmless(headers);
      if (response.status === 303 || ((response.status === 301 || response.status === 302) && method === 'POST'))
        [method, body] = ['GET', null];
      url = next;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(url: URL, init: RequestInit, timeoutMs: number | undefined): Promise<Response> {
    try {
      return await fetch(url.href, { ...init, redirect: 'manual', dispatcher: this.#agent });
    } catch (thrown) {
      throw webErrorOf(thrown, url.host, timeoutMs);
    }
  }

  /** Before anything is looked up or sent. */
  #check(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new WebError('forbidden', `only http: and https: are called, not ${excerpt(url.protocol, 20)}`);
    if (url.username || url.password) throw new WebError('forbidden', 'a URL must hold no user and no password');
    const host = hostOf(url);
    if (isIP(host) && !isPublic(host) && !isListed(url, this.#allowed)) throw notPublic(host);
  }

  /** The address that is connected to, a literal's too: undici asks nobody for those. */
  async #addressOf(target: Pick<URL, 'hostname' | 'port' | 'protocol'>): Promise<string> {
    const host = hostOf(target);
    const found = isIP(host) ? [{ address: host }] : await this.#lookup(host);
    const [first] = found;
    if (!first) throw new WebError('unreachable', `${host} has no address`);
    if (!isListed(target, this.#allowed) && !found.every(({ address }) => isPublic(address))) throw notPublic(host);
    return first.address;
  }
}

/** The text of an answer; WebError `too_large` when it has more bytes, unpacked, than are allowed. */
export const readText = async (
  response: Response,
  maxBytes: number,
  { host, timeoutMs }: { host: string; timeoutMs: number },
): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += (chunk as Uint8Array).byteLength;
      if (bytes > maxBytes) throw new WebError('too_large', `${host} answered with more than ${maxBytes} bytes`);
      chunks.push(chunk as Uint8Array);
    }
  } catch (thrown) {
    throw webErrorOf(thrown, host, timeoutMs);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** What comes of it before anything is sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const notPublic = (host: string): WebError =>
  new WebError('forbidden', `${excerpt(host, 100)} is at no public address, and not among capabilities.allowedHosts of the configuration`);

const harmless = (headers: RequestInit['headers']): [string, string][] =>
  [...new Headers(headers as Record<string, string>)].filter(([name]) => HARMLESS.includes(name));

/** What undici throws wraps what was the matter. */
const webErrorOf = (thrown: unknown, host: string, timeoutMs: number | undefined): WebError => {
  for (let error = thrown as Partial<NodeJS.ErrnoException> | null | undefined; error; error = error.cause as typeof error) {
    if (error instanceof WebError) return error;
    if (error.name === 'TimeoutError') return new WebError('timeout', `${host} did not answer within ${timeoutMs} ms`, thrown);
    const { code } = error;
    // Of the platform's own exceptions it is a number.
    if (typeof code === 'string')
      return new WebError(NEVER_SENT.has(code) ? 'unreachable' : 'connection', `no connection with ${host} (${code})`, thrown);
  }
  return new WebError('connection', `the connection with ${host} ended early`, thrown);
};
