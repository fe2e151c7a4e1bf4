import { EndpointConfig, type ModelConfig } from '@apwa/config';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface Received {
  url: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown> & { messages: { role: string; content: string }[] };
}
type Handler = (received: Received, response: ServerResponse) => void;

/** A real HTTP server in a provider's place: answers as it is told, and keeps what it was asked. */
export class EndpointServer implements AsyncDisposable {
  readonly received: Received[] = [];
  private handler: Handler = (_, response) => response.end();
  private readonly server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    request.on('end', () => {
      const body = JSON.parse(text) as Received['body'];
      const received = { url: request.url ?? '', headers: request.headers, body };
      this.received.push(received);
      this.handler(received, response);
    });
  });

  /** Connections that were made so far. */
  connections = 0;

  async listen(): Promise<this> {
    this.server.on('connection', () => this.connections++);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  handle(handler: Handler): void {
    this.handler = handler;
  }

  /** Answers every request with this body. */
  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.handle((_, response) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A completion with one choice. */
export const completion = (message: object, more: { finish_reason?: string; usage?: object } = {}) => ({
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: more.finish_reason ?? 'stop' }],
  usage: 'usage' in more ? more.usage : { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
});

export const modelConfig = (baseUrl: string, endpoint: Partial<EndpointConfig> = {}): ModelConfig => ({
  strategy: 'ordered',
  endpoints: [EndpointConfig.parse({ baseUrl, name: 'tiny', ...endpoint })],
});
