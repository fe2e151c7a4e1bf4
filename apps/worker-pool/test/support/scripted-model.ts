import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';

interface ChatRequest {
  model: string;
  messages: { role: string; content: string }[];
  tools?: { function: { name: string } }[];
  response_format?: { json_schema?: { schema: { properties: Record<string, unknown> } } };
  max_completion_tokens?: number;
}

/** How the server answers a call: an answer's content, a whole HTTP answer, a dropped connection. */
export type Reply =
  | { content: string | null; finish?: string; refusal?: string }
  /** `arguments`: text goes as it is. */
  | { toolCalls: { name: string; arguments: unknown }[] }
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | { drop: true };

export interface Call {
  /** What stands in the row's field `text`. */
  text: string;
  request: ChatRequest;
  /** 1 for the first call with that text. */
  nth: number;
  at: number;
}

/** A real HTTP server that speaks the chat completions API, and answers as the test says. */
export class ScriptedModel {
  readonly calls: Call[] = [];
  readonly aborted: Call[] = [];
  inFlight = 0;
  mostInFlight = 0;
  /** Default: an answer that is valid for the tests' template. */
  script: (call: Call) => Reply | Promise<Reply> = ({ text }) => answer(text);
  private readonly seen = new Map<string, number>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedModel> {
    const server = createServer();
    const model = new ScriptedModel(server);
    server.on('request', (request, response) => void model.handle(request, response));
    server.on('connection', (socket) => {
      model.sockets.add(socket);
      socket.on('close', () => model.sockets.delete(socket));
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Calls by text, to find those that were asked more than once. */
  timesAsked(text: string): number {
    return this.seen.get(text) ?? 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatRequest;
    const text = textOf(request);
    const nth = (this.seen.get(text) ?? 0) + 1;
    this.seen.set(text, nth);
    const call = { text, request, nth, at: performance.now() };
    this.calls.push(call);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    let ended = false;
    response.on('close', () => {
      this.inFlight--;
      if (!ended) this.aborted.push(call);
    });
    const reply = await this.script(call);
    if (response.destroyed) return;
    ended = true;
    if ('drop' in reply) return void incoming.socket.destroy();
    if ('status' in reply) {
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      return void response.end(JSON.stringify(reply.body ?? { error: { message: `status ${reply.status}` } }));
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify('toolCalls' in reply ? toolCallsOf(request, reply) : completion(request, reply)));
  }
}

/** The answer to a row, valid for the tests' template. */
export const answer = (text: string): Reply => ({ content: JSON.stringify({ upper: text.toUpperCase() }) });

const textOf = ({ messages }: ChatRequest): string => {
  const user = messages.find(({ role }) => role === 'user')?.content ?? '';
  return /--- \[field "text"\] (\w+) ---\n([\s\S]*?)\n(?:---|===) /.exec(user)?.[2] ?? '';
};

const completion = (request: ChatRequest, reply: { content: string | null; finish?: string; refusal?: string }) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: request.model,
  choices: [
    {
      index: 0,
      finish_reason: reply.finish ?? 'stop',
      message: { role: 'assistant', content: reply.content, refusal: reply.refusal ?? null },
      logprobs: null,
    },
  ],
  usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
});

const toolCallsOf = (request: ChatRequest, { toolCalls }: { toolCalls: { name: string; arguments: unknown }[] }) => {
  const whole = completion(request, { content: null, finish: 'tool_calls' });
  const tool_calls = toolCalls.map(({ name, arguments: given }, index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  }));
  return { ...whole, choices: whole.choices.map((choice) => ({ ...choice, message: { ...choice.message, tool_calls } })) };
};
