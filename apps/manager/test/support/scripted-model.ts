import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface ModelCall {
  messages: { role: string; content: string | null; tool_call_id?: string }[];
  tools: { function: { name: string } }[];
}

/** What the model says to a call: a tool call, text, or a status of HTTP. `null`: it says nothing until the connection ends. */
export type ModelAnswer = { tool: string; arguments: unknown } | { text: string } | { status: number; body: object } | null;
type Step = ModelAnswer | ((call: ModelCall) => ModelAnswer | Promise<ModelAnswer>);

/** An OpenAI-compatible endpoint that answers by a script. Calls beyond the script, and steps that nobody called for, fail `verify`. */
export class ScriptedModel {
  readonly calls: ModelCall[] = [];
  private readonly unexpected: string[] = [];
  private readonly failures: Error[] = [];
  private script: Step[] = [];
  private readonly server = createServer((request, response) => void this.handle(request, response));

  url = '';

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Begins a new script. */
  say(...steps: Step[]): void {
    this.calls.length = 0;
    this.unexpected.length = 0;
    this.failures.length = 0;
    this.script = steps;
  }

  verify(): void {
    const [failure] = this.failures;
    if (failure !== undefined) throw failure;
    if (this.unexpected.length > 0) throw new Error(`calls that the script does not know: ${this.unexpected.join('; ')}`);
    if (this.script.length > 0) throw new Error(`${this.script.length} steps of the script were not called for`);
  }

  /** An expectation that fails in a step is told by `verify`; the call is refused, so that nothing waits. */
  private async answer(step: Exclude<Step, undefined>, call: ModelCall): Promise<ModelAnswer> {
    try {
      return typeof step === 'function' ? await step(call) : step;
    } catch (error) {
      this.failures.push(error instanceof Error ? error : new Error(String(error)));
      return { status: 400, body: { error: { message: 'the script expected something else' } } };
    }
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as ModelCall;
    this.calls.push(call);
    const step = this.script.shift();
    if (step === undefined) {
      this.unexpected.push(JSON.stringify(call.messages.at(-1)).slice(0, 300));
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"unexpected call"}}');
      return;
    }
    const answer = await this.answer(step, call);
    if (answer === null) return;
    if ('status' in answer) {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completion(answer, this.calls.length)));
  }
}

const completion = (answer: { tool: string; arguments: unknown } | { text: string }, n: number) => {
  const base = {
    id: `chat-${n}`,
    object: 'chat.completion',
    created: 1,
    model: 'scripted',
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  };
  if ('text' in answer)
    return { ...base, choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: answer.text } }] };
  const text = typeof answer.arguments === 'string' ? answer.arguments : JSON.stringify(answer.arguments);
  const tool_calls = [{ id: `call_${n}`, type: 'function', function: { name: answer.tool, arguments: text } }];
  return { ...base, choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls } }] };
};
