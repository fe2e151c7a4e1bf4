import { createServer, type Server, type Socket } from 'node:net';
import { monotonicMs, type StubCommand, type StubStats } from './protocol.js';
import { Allowance } from './allowance.js';
import { Prompts } from './prompts.js';
import { RequestReader } from './request-reader.js';
import { markedRow } from './row-marks.js';

/** A whole HTTP answer, the same bytes each time. */
const answerOf = (message: object, finishReason: string): Buffer => {
  const completion = JSON.stringify({
    id: 'chatcmpl-stub',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'stub',
    choices: [
      { index: 0, message: { role: 'assistant', ...message, refusal: null, annotations: [] }, logprobs: null, finish_reason: finishReason },
    ],
    usage: { prompt_tokens: 120, completion_tokens: 6, total_tokens: 126 },
  });
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(completion)}`;
  return Buffer.from(`${head}\r\n\r\n${completion}`);
};
/** What every call is answered: a small structured answer with usage … */
const ANSWER = answerOf({ content: '{"label":"neutral"}' }, 'stop');
/** … but those of agents that are to go on. */
const TOOL_CALL = answerOf(
  {
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'text_length', arguments: '{"text":"a few words"}' } }],
  },
  'tool_calls',
);
const ASSISTANT = Buffer.from('"role":"assistant"');

/** Turns that a conversation has had. */
const turnsIn = (body: Buffer): number => {
  let turns = 0;
  for (let at = body.indexOf(ASSISTANT); at >= 0; at = body.indexOf(ASSISTANT, at + ASSISTANT.length)) turns++;
  return turns;
};

/** What goes beyond the limit is told so, and when it may come again. */
const refusal = (waitMs: number): string => {
  const body = JSON.stringify({ error: { message: 'Rate limit reached.', type: 'requests', code: 'rate_limit_exceeded' } });
  const seconds = (waitMs / 1_000).toFixed(3);
  return `HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: ${seconds}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

/** Rows that the table of what was asked has room for at first. */
const ROWS = 1 << 16;

/** A model that answers anything with the same completion after a set time, with as little work as a socket takes. */
export class StubServer {
  readonly #server: Server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  #latencyMs = 0;
  #slow: StubCommand['slow'] = null;
  #turns: number | null = null;
  #allowance: Allowance | null = null;
  #prompts = new Prompts();
  #asked = new Uint8Array(ROWS);
  #stats = emptyStats(0);
  #cpuBefore = process.cpuUsage();

  /** Resolves with the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen({ port: 0, host: '127.0.0.1', backlog: 16_384 }, resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the stub listens on no port');
    return address.port;
  }

  obey({ latencyMs, slow, turns, perMinute, reset }: Omit<StubCommand, 'id'>): StubStats {
    if (latencyMs !== undefined) this.#latencyMs = latencyMs;
    if (slow !== undefined) this.#slow = slow;
    if (turns !== undefined) this.#turns = turns;
    if (perMinute !== undefined) this.#allowance = perMinute === null ? null : new Allowance(perMinute, monotonicMs());
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    const seen = { ...this.#stats, prompts: this.#prompts.figures, cpuMs: (user + system) / 1_000 };
    if (reset) {
      this.#asked.fill(0);
      this.#stats = emptyStats(this.#stats.inFlight);
      this.#prompts = new Prompts();
      this.#cpuBefore = process.cpuUsage();
    }
    return seen;
  }

  #serve(socket: Socket): void {
    const reader = new RequestReader();
    // A client that goes away in the middle of a call has nothing to be told.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const body of reader.read(chunk)) this.#answer(socket, body);
    });
  }

  #answer(socket: Socket, body: Buffer): void {
    const stats = this.#stats;
    stats.requests++;
    const waitMs = this.#allowance?.take(monotonicMs()) ?? 0;
    if (waitMs > 0) {
      stats.refused++;
      if (socket.writable) socket.write(refusal(waitMs));
      return;
    }
    stats.inFlight++;
    if (stats.inFlight > stats.maxInFlight) stats.maxInFlight = stats.inFlight;
    stats.firstRequestAt ??= monotonicMs();
    const row = markedRow(body);
    const turn = this.#turns === null ? 0 : turnsIn(body);
    if (row !== undefined) this.#note(row * (this.#turns ?? 1) + turn);
    this.#prompts.see(body);
    const slow = this.#slow;
    const ms = slow && slow.row === row && body.includes(slow.prompt) ? slow.ms : this.#latencyMs;
    const answer = turn < (this.#turns ?? 1) - 1 ? TOOL_CALL : ANSWER;
    if (ms === 0) this.#send(socket, answer);
    else setTimeout(() => this.#send(socket, answer), ms);
  }

  #note(row: number): void {
    if (row >= this.#asked.length) {
      const larger = new Uint8Array(Math.max(row + 1, this.#asked.length * 2));
      larger.set(this.#asked);
      this.#asked = larger;
    }
    if (this.#asked[row] === 1) this.#stats.repeats++;
    this.#asked[row] = 1;
  }

  #send(socket: Socket, answer: Buffer): void {
    const stats = this.#stats;
    stats.inFlight--;
    stats.lastAnswerAt = monotonicMs();
    const second = Math.floor((stats.lastAnswerAt - (stats.firstRequestAt ?? stats.lastAnswerAt)) / 1_000);
    while (stats.perSecond.length <= second) stats.perSecond.push(0);
    stats.perSecond[second] = (stats.perSecond[second] ?? 0) + 1;
    if (socket.writable) socket.write(answer);
  }
}

const emptyStats = (inFlight: number): StubStats => ({
  requests: 0,
  inFlight,
  maxInFlight: inFlight,
  repeats: 0,
  firstRequestAt: null,
  lastAnswerAt: null,
  refused: 0,
  perSecond: [],
  prompts: { looked: 0, meanBytes: 0, staticBytes: 0, sharedBytes: 0 },
  cpuMs: 0,
});
