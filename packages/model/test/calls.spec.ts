import { type EndpointConfig, StructuredOutput } from '@apwa/config';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callOf, createModel, type ModelRequest } from '../src/index.js';
import { completion, EndpointServer, modelConfig } from './endpoint-server.js';

const SCHEMA = {
  type: 'object',
  properties: { label: { enum: ['a', 'b'] }, note: { type: 'string', maxLength: 10 } },
  required: ['label'],
};
const REQUEST: ModelRequest = {
  messages: [
    { role: 'system', content: 'Label it.' },
    { role: 'user', content: 'a row' },
  ],
};
const STRUCTURED: ModelRequest = { ...REQUEST, output: { name: 'my label', schema: SCHEMA } };
const TOOL = {
  name: 'look_up',
  description: 'Looks up.',
  parameters: { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] },
};

describe('calls', () => {
  let server: EndpointServer;
  beforeEach(async () => (server = await new EndpointServer().listen()));
  afterEach(() => server[Symbol.asyncDispose]());

  const call = async (request: ModelRequest, endpoint: Partial<EndpointConfig> = {}) => {
    const model = createModel(modelConfig(server.baseUrl, endpoint));
    try {
      return await model.complete(request, { attempt: 1 });
    } finally {
      model.close();
    }
  };

  it('should answer with text, tokens and cost', async () => {
    server.answer(
      200,
      completion({ content: 'hi' }, { usage: { prompt_tokens: 100, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 60 } } }),
    );
    const answer = await call(REQUEST, { prices: { input: 1, cacheRead: 0.5, cacheWrite: 1, output: 10 } });
    expect(answer).toMatchObject({
      kind: 'text',
      text: 'hi',
      message: { role: 'assistant', content: 'hi' },
      usage: { input: 40, cacheRead: 60, cacheWrite: 0, output: 10, reasoning: 0 },
      usageEstimated: false,
      model: 'tiny',
    });
    expect(answer.costUsd).toBeCloseTo((40 + 30 + 100) / 1e6, 12);
    expect(answer.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('should send what is configured and no header more than needed', async () => {
    process.env.OPENAI_API_KEY = 'sk-of-somebody-else';
    process.env.OPENAI_ORG_ID = 'org-of-somebody-else';
    process.env.OPENAI_CUSTOM_HEADERS = 'X-Other: secret';
    process.env.HTTP_PROXY = 'http://127.0.0.1:1';
    try {
      server.answer(200, completion({ content: 'hi' }));
      await call(
        { ...REQUEST, maxOutputTokens: 77 },
        { apiKey: 'k1', parameters: { temperature: 0, chat_template_kwargs: { enable_thinking: false } } },
      );
      await call(REQUEST, { outputTokensParameter: 'max_tokens', outputTokens: 55 });
    } finally {
      for (const name of ['OPENAI_API_KEY', 'OPENAI_ORG_ID', 'OPENAI_CUSTOM_HEADERS', 'HTTP_PROXY']) delete process.env[name];
    }
    const [first, second] = server.received;
    expect(first).toMatchObject({
      url: '/v1/chat/completions',
      body: {
        model: 'tiny',
        temperature: 0,
        chat_template_kwargs: { enable_thinking: false },
        max_completion_tokens: 77,
        messages: REQUEST.messages,
      },
    });
    expect(first?.headers.authorization).toBe('Bearer k1');
    expect(second?.body).toMatchObject({ max_tokens: 55 });
    expect(second?.headers.authorization).toBeUndefined();
    const names = Object.keys({ ...first?.headers, ...second?.headers });
    expect(names.sort()).toEqual(['accept', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'user-agent']);
    expect(JSON.stringify([first, second])).not.toMatch(/somebody-else|secret/);
  });

  it('should ask for JSON by a strict schema, and give the value in the shape of the user’s schema', async () => {
    server.answer(200, completion({ content: '{"label":"a","note":null}' }));
    const answer = await call(STRUCTURED);
    expect(answer).toMatchObject({ kind: 'structured', value: { label: 'a' }, text: '{"label":"a","note":null}' });
    expect(answer.kind === 'structured' && answer.value).not.toHaveProperty('note');
    expect(server.received[0]?.body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'my_label', strict: true, schema: { required: ['label', 'note'], additionalProperties: false } },
    });
  });

  it('should ask for JSON by a forced tool call', async () => {
    const call_ = { id: 'x', type: 'function', function: { name: 'my_label', arguments: '{"label":"b"}' } };
    server.answer(200, completion({ content: null, tool_calls: [call_] }, { finish_reason: 'tool_calls' }));
    const answer = await call(STRUCTURED, { structuredOutput: 'tool' });
    expect(answer).toMatchObject({ kind: 'structured', value: { label: 'b' }, message: { role: 'assistant', content: '{"label":"b"}' } });
    expect(answer.message).not.toHaveProperty('tool_calls');
    expect(server.received[0]?.body).toMatchObject({
      tool_choice: { type: 'function', function: { name: 'my_label' } },
      tools: [{ type: 'function', function: { name: 'my_label', parameters: { type: 'object' } } }],
    });
  });

  it('should take JSON from the text where a forced tool was not called', async () => {
    server.answer(200, completion({ content: '```json\n{"label":"b"}\n```' }));
    expect(await call(STRUCTURED, { structuredOutput: 'tool' })).toMatchObject({ kind: 'structured', value: { label: 'b' } });
  });

  it('should ask for JSON in the prompt, behind the other instructions', async () => {
    server.answer(200, completion({ content: '<think>{"label":"?"}</think>Here you are:\n{"label":"a", "note": "x"} Bye {' }));
    expect(await call(STRUCTURED, { structuredOutput: 'prompt' })).toMatchObject({ value: { label: 'a', note: 'x' } });
    const { messages, response_format, tools } = server.received[0]?.body ?? { messages: [] };
    expect([response_format, tools]).toEqual([undefined, undefined]);
    expect(messages.map(({ role }) => role)).toEqual(['system', 'system', 'user']);
    expect(messages[1]?.content).toContain(JSON.stringify(SCHEMA));
  });

  it.each(StructuredOutput.options)(
    'should wrap answers that are no objects where the endpoint needs one: %s',
    async (structuredOutput) => {
      const given = structuredOutput === 'prompt' ? '[1, 2]' : '{"value": [1, 2]}';
      server.answer(200, completion({ content: given }));
      const output = { name: 'numbers', schema: { type: 'array', items: { type: 'integer' } } };
      expect(await call({ ...REQUEST, output }, { structuredOutput })).toMatchObject({ value: [1, 2] });
    },
  );

  it('should hand on tool calls, and keep what providers want to see again', async () => {
    const calls = [
      {
        id: '1',
        type: 'function',
        function: { name: 'look_up', arguments: '{"q":"x"}' },
        extra_content: { google: { thought_signature: 's' } },
      },
      { id: '', type: 'function', function: { name: 'look_up', arguments: { q: 'y' } } },
    ];
    server.answer(200, completion({ content: 'Let me see.', tool_calls: calls }, { finish_reason: 'tool_calls' }));
    const answer = await call({ ...REQUEST, tools: [TOOL], toolChoice: 'required' });
    expect(answer).toMatchObject({
      kind: 'tool_calls',
      text: 'Let me see.',
      calls: [
        { id: '1', name: 'look_up', arguments: '{"q":"x"}' },
        { id: 'call_1', name: 'look_up', arguments: '{"q":"y"}' },
      ],
      message: { role: 'assistant', tool_calls: [{ extra_content: { google: { thought_signature: 's' } } }, { id: 'call_1' }] },
    });
    expect(server.received[0]?.body).toMatchObject({
      tool_choice: 'required',
      tools: [{ function: { name: 'look_up', parameters: TOOL.parameters } }],
    });

    server.answer(200, completion({ content: 'done' }));
    await call({ messages: [...REQUEST.messages, answer.message, { role: 'tool', tool_call_id: '1', content: 'found' }], tools: [TOOL] });
    expect(server.received[1]?.body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
  });

  it('should read content that comes in parts', async () => {
    server.answer(
      200,
      completion({
        content: [
          { type: 'thinking', thinking: [] },
          { type: 'text', text: 'he' },
          { type: 'text', text: 'llo' },
        ],
      }),
    );
    expect(await call(REQUEST)).toMatchObject({ kind: 'text', text: 'hello' });
  });

  it.each([
    ['none', undefined],
    ['an impossible one', { prompt_tokens: -1_000_000, completion_tokens: 3 }],
    ['one of words', { prompt_tokens: 'many' }],
  ])('should count tokens itself where the usage is %s', async (_, usage) => {
    server.answer(200, completion({ content: 'hello there <|endoftext|>' }, { usage: usage as unknown as object }));
    const answer = await call(REQUEST, { prices: { input: 1, cacheRead: 1, cacheWrite: 1, output: 1 } });
    expect(answer.usageEstimated).toBe(true);
    expect(answer.usage.input).toBeGreaterThan(3);
    expect(answer.usage.input).toBeLessThan(40);
    expect(answer.usage.output).toBeGreaterThanOrEqual(3);
    expect(answer.costUsd).toBeGreaterThan(0);
  });

  it('should cut a usage that is more than the model can take', async () => {
    server.answer(200, completion({ content: 'x' }, { usage: { prompt_tokens: 1e12, completion_tokens: 2 } }));
    expect(await call(REQUEST, { contextTokens: 5_000, outputTokens: 10 })).toMatchObject({
      usage: { input: 5_000, output: 2 },
      usageEstimated: true,
    });
  });

  it('should leave the answer the room that the prompt leaves', async () => {
    server.answer(200, completion({ content: 'x' }));
    await call({ messages: [{ role: 'user', content: 'word '.repeat(700) }] }, { contextTokens: 1_000, outputTokens: 900 });
    const sent = server.received[0]?.body.max_completion_tokens as number;
    expect(sent).toBeGreaterThan(200);
    expect(sent).toBeLessThan(300);
  });

  it('should take the endpoints of a group in their order', async () => {
    await using second = await new EndpointServer().listen();
    server.answer(200, completion({ content: 'first' }));
    second.answer(200, completion({ content: 'second' }));
    const group = [modelConfig(server.baseUrl, { contextTokens: 9_000 }), modelConfig(second.baseUrl)].flatMap(
      ({ endpoints }) => endpoints,
    );
    const model = createModel({ strategy: 'ordered', endpoints: group });
    const texts = [];
    for (const attempt of [1, 2, 3]) texts.push((await model.complete(REQUEST, { attempt })).message.content);
    expect(texts).toEqual(['first', 'second', 'first']);
    expect(model.contextTokens).toBe(9_000);
    model.close();
  });

  it('should call the endpoint that the caller chose, and tell the limits that its headers tell', async () => {
    await using second = await new EndpointServer().listen();
    server.answer(429, { error: { message: 'slow down' } }, { 'x-ratelimit-limit-requests': '3' });
    second.answer(200, completion({ content: 'second' }), { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-limit-tokens': '9000' });
    const group = [modelConfig(server.baseUrl), modelConfig(second.baseUrl)].flatMap(({ endpoints }) => endpoints);
    const model = createModel({ strategy: 'ordered', endpoints: group });
    expect(await model.complete(REQUEST, { attempt: 1, endpoint: 1 })).toMatchObject({
      text: 'second',
      told: { requestsPerMinute: 60, tokensPerMinute: 9_000 },
    });
    const refused: unknown = await model.complete(REQUEST, { attempt: 2, endpoint: 0 }).catch((thrown: unknown) => thrown);
    expect(callOf(refused)?.told).toEqual({ requestsPerMinute: 3, tokensPerMinute: null });
    model.close();
  });

  it.each<[string, number, object, object]>([
    ['answers', 200, completion({ content: 'ok' }), { kind: 'answered' }],
    ['is busy', 429, { error: { message: 'slow down' } }, { kind: 'answered' }],
    ['cuts the answer off', 200, completion({ content: '' }, { finish_reason: 'length' }), { kind: 'answered' }],
    ['does not take the call', 400, { error: { message: 'no such parameter' } }, { kind: 'answered' }],
    ['is down', 503, { error: { message: 'away' } }, { kind: 'failed', message: expect.stringContaining('503') }],
    ['has no credit left', 402, { error: { message: 'no balance' } }, { kind: 'exhausted', message: expect.stringContaining('402') }],
  ])('should find out by a probe whether an endpoint is well that %s', async (_, status, body, result) => {
    server.answer(status, body);
    const model = createModel(modelConfig(server.baseUrl));
    expect(await model.probe(0)).toEqual(result);
    model.close();
  });

  it('should draw the endpoints of a weighted group', async () => {
    await using second = await new EndpointServer().listen();
    server.answer(200, completion({ content: 'first' }));
    second.answer(200, completion({ content: 'second' }));
    const group = [modelConfig(server.baseUrl, { weight: 3 }), modelConfig(second.baseUrl, { weight: 1 })].flatMap(
      ({ endpoints }) => endpoints,
    );
    const draws = [0, 0.74, 0.76, 0.9999];
    const model = createModel({ strategy: 'weighted', endpoints: group }, { random: () => draws.shift() ?? 0 });
    const texts = [];
    for (let n = 0; n < 4; n++) texts.push((await model.complete(REQUEST, { attempt: 1 })).message.content);
    expect(texts).toEqual(['first', 'first', 'second', 'second']);
    model.close();
  });

  it('should read the key from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'apwa-model-'));
    const apiKeyFile = join(folder, 'key');
    server.answer(200, completion({ content: 'x' }));
    await expect(call(REQUEST, { apiKeyFile })).rejects.toMatchObject({ class: 'refused', code: 'authentication' });
    await writeFile(apiKeyFile, 'from-a-file\n');
    await call(REQUEST, { apiKeyFile });
    expect(server.received[0]?.headers.authorization).toBe('Bearer from-a-file');
    await rm(folder, { recursive: true });
  });

  it('should keep two thousand calls in flight', async () => {
    const waiting: (() => void)[] = [];
    const CALLS = 2_000;
    server.handle((_, response) => {
      waiting.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completion({ content: 'x' }))));
      if (waiting.length === CALLS) for (const answer of waiting) answer();
    });
    const model = createModel(modelConfig(server.baseUrl));
    const answers = await Promise.all(Array.from({ length: CALLS }, () => model.complete(REQUEST, { attempt: 1 })));
    expect(answers).toHaveLength(CALLS);
    model.close();
  }, 30_000);
});
