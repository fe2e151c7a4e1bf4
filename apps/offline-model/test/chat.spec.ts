import { afterAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { plannerTools } from './support/manager.js';
import { type Running, rowMessage, startServer, stopServers, systemMessage } from './support/server.js';

// Real: the built server in a process of its own, and the `openai` package that speaks to it.

const MODEL = 'offline-rules';
const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['entities', 'sentiment'],
  properties: {
    entities: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'value'],
        properties: { type: { type: 'string', enum: ['EMAIL_ADDRESS', 'PERSON'] }, value: { type: 'string' } },
      },
    },
    sentiment: { type: 'string', enum: ['positive', 'negative', 'neutral'] },
  },
};
const messages = (text: string) => [
  { role: 'system' as const, content: systemMessage('List the entities of [field "text"], and tell the sentiment.') },
  { role: 'user' as const, content: rowMessage({ text }) },
];
const structured = (text: string) => ({
  model: MODEL,
  messages: messages(text),
  response_format: { type: 'json_schema' as const, json_schema: { name: 'answer', strict: true, schema: SCHEMA } },
});
const TEXT = 'I love it, write to Anna Berg at anna.berg@example.org';
const ANSWER = {
  entities: [
    { type: 'PERSON', value: 'Anna Berg' },
    { type: 'EMAIL_ADDRESS', value: 'anna.berg@example.org' },
  ],
  sentiment: 'positive',
};

/** The error that a call ends with. */
const errorOf = async (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`an error of the API was expected, not ${String(error)}`);
  return error;
};

/** One server for the tests that need no flags. */
let plain: Promise<Running> | null = null;
const shared = (): Promise<Running> => (plain ??= startServer());

afterAll(stopServers);

describe('the models page', () => {
  it('should say that rules answer, and no language model', async () => {
    const { client } = await shared();
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual([MODEL]);
    expect(JSON.stringify(data)).toMatch(/Not a language model: it answers by rules/);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
  });
});

describe('a chat completion', () => {
  it('should follow a JSON Schema', async () => {
    const { client } = await shared();
    const completion = await client.chat.completions.create(structured(TEXT));
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: MODEL,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } }],
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual(ANSWER);
    const { usage } = completion;
    expect(usage).toMatchObject({ prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } });
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(usage?.prompt_tokens).toBeGreaterThan(50);
  });

  it('should call a tool with the same answer', async () => {
    const { client } = await shared();
    const tool = { type: 'function' as const, function: { name: 'answer', parameters: SCHEMA } };
    const { choices } = await client.chat.completions.create({
      model: MODEL,
      messages: messages(TEXT),
      tools: [tool],
      tool_choice: { type: 'function', function: { name: 'answer' } },
    });
    const [choice] = choices;
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ type: 'function', function: { name: 'answer' } }] },
    });
    const [call] = choice?.message.tool_calls ?? [];
    expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toEqual(ANSWER);
  });

  it('should find the schema in the prompt', async () => {
    const { client } = await shared();
    const [system, row] = messages(TEXT) as [{ role: 'system'; content: string }, { role: 'user'; content: string }];
    const asked = {
      role: 'system' as const,
      content: `Answer with one JSON value that is valid by this JSON Schema.\n${JSON.stringify(SCHEMA)}`,
    };
    const { choices } = await client.chat.completions.create({ model: MODEL, messages: [system, asked, row] });
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual(ANSWER);
  });

  it('should stream the same text, piece by piece, with the usage last', async () => {
    const { client } = await shared();
    const stream = await client.chat.completions.create({ ...structured(TEXT), stream: true, stream_options: { include_usage: true } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(JSON.parse(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''))).toEqual(ANSWER);
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop']);
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } });
  });

  it('should stream tool calls', async () => {
    const { client } = await shared();
    const tools = plannerTools as OpenAI.ChatCompletionTool[];
    const request = {
      model: MODEL,
      messages: [{ role: 'user' as const, content: "The person's task:\nSummarise\n\nInput tables: a (1 rows)." }],
      tools,
    };
    const stream = client.chat.completions.stream(request);
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'list_tables', arguments: '{}' } }]);
  });

  it('should give the same answer to the same question in every process', async () => {
    const [one, other] = [await shared(), await startServer()];
    const contents = await Promise.all(
      [one, other].map(async ({ client }) => (await client.chat.completions.create(structured(TEXT))).choices[0]?.message.content),
    );
    expect(contents[0]).toBe(contents[1]);
  });

  it('should be cut at the length that is allowed, and say so', async () => {
    const { client } = await shared();
    const { choices, usage } = await client.chat.completions.create({ ...structured(TEXT), max_completion_tokens: 5 });
    expect(choices[0]).toMatchObject({ finish_reason: 'length' });
    expect(choices[0]?.message.content?.length).toBe(20);
    expect(usage?.completion_tokens).toBe(5);
  });
});

describe('a refused request', () => {
  const refused = async (body: unknown, { url }: Running, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, error: ((await response.json()) as { error: Record<string, unknown> }).error };
  };

  it('should be 401 with a wrong key', async () => {
    const { client, stats, url } = await startServer('--api-key', 'sk-right');
    const error = await errorOf(client.chat.completions.create(structured(TEXT)));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' });
    await expect(errorOf(client.models.list())).resolves.toMatchObject({ status: 401 });
    const right = new OpenAI({ baseURL: url, apiKey: 'sk-right', maxRetries: 0 });
    expect((await right.chat.completions.create(structured(TEXT))).choices).toHaveLength(1);
    expect(await stats()).toMatchObject({ requests: 2, answered: 1, refused: 1 });
  });

  it('should name a context that is too long', async () => {
    const { client } = await startServer('--context-tokens', '200');
    const error = await errorOf(client.chat.completions.create(structured('word '.repeat(500))));
    expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded', param: 'messages' });
    expect(error.message).toContain('200 tokens');
  });

  const ok = { model: MODEL, messages: [{ role: 'user', content: 'hello' }] };
  it.each([
    ['{"model": ', { error: { message: 'The body is not valid JSON.', type: 'invalid_request_error' } }],
    ['[]', {}],
    [{ ...ok, messages: [] }, { error: { param: 'messages' } }],
    [{ ...ok, messages: [{ role: 'nobody', content: 'x' }] }, { error: { param: 'messages.0.role', code: 'invalid_value' } }],
    [{ ...ok, temprature: 1 }, { error: { param: 'temprature', code: 'unknown_parameter' } }],
    [{ ...ok, n: 2 }, { error: { param: 'n' } }],
    [{ ...ok, max_tokens: -1 }, { error: { param: 'max_tokens' } }],
    [{ ...ok, response_format: { type: 'xml' } }, { error: { param: 'response_format.type' } }],
    [{ ...ok, tools: plannerTools, tool_choice: { type: 'function', function: { name: 'other' } } }, { error: { param: 'tool_choice' } }],
  ])('should be 400 and name what is wrong: %j', async (body, expected) =>
    expect(await refused(body, await shared())).toMatchObject({ status: 400, ...expected }),
  );

  it('should be 404 for another model and another address', async () => {
    const server = await shared();
    expect(await refused({ ...ok, model: 'gpt-x' }, server)).toMatchObject({
      status: 404,
      error: { code: 'model_not_found', param: 'model' },
    });
    expect((await fetch(new URL('/v1/nothing', server.url))).status).toBe(404);
  });
});
