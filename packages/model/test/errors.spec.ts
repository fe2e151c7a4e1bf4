import { ApwaError, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { callOf, createModel, type Model } from '../src/index.js';
import { completion, EndpointServer, modelConfig } from './endpoint-server.js';

const CANARY = 'sk-canary-0123456789abcdef';
const REQUEST = { messages: [{ role: 'user' as const, content: 'hello' }] };
const OUTPUT = { name: 'answer', schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } };

/** Both ways to make requests must behave alike. */
describe.each([
  ['our own transport', undefined],
  ['a fetch from outside', fetch],
])('errors of endpoints, with %s', (_, given) => {
  let server: EndpointServer;
  let model: Model;
  beforeEach(async () => {
    server = await new EndpointServer().listen();
    model = createModel(modelConfig(server.baseUrl, { apiKey: CANARY }), given ? { fetch: given } : {});
  });
  afterEach(async () => {
    model.close();
    await server[Symbol.asyncDispose]();
  });

  const fails = async (request: Parameters<Model['complete']>[0] = REQUEST, signal?: AbortSignal): Promise<ApwaError> => {
    const error: unknown = await model.complete(request, { attempt: 1, ...(signal ? { signal } : {}) }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ApwaError);
    const shown = `${JSON.stringify((error as ApwaError).toPayload())} ${(error as Error).stack} ${JSON.stringify((error as Error).cause)}`;
    expect(shown).not.toContain(CANARY);
    return error as ApwaError;
  };

  it.each<[string, number, unknown, typeof TransientError | typeof PermanentError | typeof RefusedError, string]>([
    [
      'a rate limit',
      429,
      { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } },
      TransientError,
      'rate_limited',
    ],
    [
      'a request that is larger than the limit of a minute',
      429,
      {
        error: {
          message: 'Request too large for small on tokens per min (TPM): Limit 30000, Requested 75000.',
          type: 'tokens',
          code: 'rate_limit_exceeded',
        },
      },
      PermanentError,
      'context_exceeded',
    ],
    [
      'a used-up quota',
      429,
      { error: { message: 'quota', type: 'insufficient_quota', code: 'insufficient_quota' } },
      RefusedError,
      'quota_exhausted',
    ],
    ['no balance', 402, { error: { message: 'Insufficient Balance' } }, RefusedError, 'quota_exhausted'],
    [
      'no credit, told as 400',
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low' } },
      RefusedError,
      'quota_exhausted',
    ],
    [
      'a wrong key',
      401,
      { error: { message: `Incorrect API key provided: ${CANARY}`, code: 'invalid_api_key' } },
      RefusedError,
      'authentication',
    ],
    ['a key without rights', 403, { error: { message: 'no', type: 'permission_error' } }, RefusedError, 'authentication'],
    [
      'a wrong key, told as 400 in a list',
      400,
      [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } }],
      RefusedError,
      'authentication',
    ],
    [
      'an unknown model',
      404,
      { error: { message: 'The model `x` does not exist', code: 'model_not_found' } },
      RefusedError,
      'unknown_model',
    ],
    ['an unknown model, told as text', 404, { error: 'model "x" not found, try pulling it first' }, RefusedError, 'unknown_model'],
    ['a wrong path', 404, '<html>not found</html>', RefusedError, 'unknown_model'],
    ['a long prompt', 400, { error: { message: 'too long', code: 'context_length_exceeded' } }, PermanentError, 'context_exceeded'],
    [
      'a long prompt, told in words alone',
      400,
      { object: 'error', message: "This model's maximum context length is 4096 tokens.", type: 'BadRequestError', code: 400 },
      PermanentError,
      'context_exceeded',
    ],
    ['a body that is too large', 413, { error: { message: 'Request too large' } }, PermanentError, 'context_exceeded'],
    [
      'an unknown parameter',
      400,
      { error: { message: "Unrecognized request argument: 'foo'", type: 'invalid_request_error', param: 'foo', code: null } },
      RefusedError,
      'invalid_request',
    ],
    [
      'a schema that is not taken',
      422,
      { error: { message: 'Invalid schema for response_format', code: 'invalid_json_schema' } },
      RefusedError,
      'invalid_request',
    ],
    [
      'a filtered prompt',
      400,
      { error: { message: 'filtered', code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } } },
      PermanentError,
      'filtered',
    ],
    [
      'a moderated prompt',
      403,
      { error: { code: 403, message: 'Your chosen model requires moderation and your input was flagged' } },
      PermanentError,
      'filtered',
    ],
    [
      'an answer that broke the schema',
      400,
      { error: { message: 'Failed to generate JSON', code: 'json_validate_failed', failed_generation: '{' } },
      TransientError,
      'malformed',
    ],
    ['a fault of the server', 500, { error: { message: `key ${CANARY} crashed`, type: 'server_error' } }, TransientError, 'provider_error'],
    [
      'an overloaded server',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      TransientError,
      'provider_error',
    ],
    ['a proxy that waited in vain', 504, '<html>gateway</html>', TransientError, 'timeout'],
    ['a page in place of an answer', 200, '<html>welcome</html>', TransientError, 'provider_error'],
    ['a list in place of an answer', 200, [], TransientError, 'provider_error'],
    ['no choices', 200, { choices: [] }, TransientError, 'provider_error'],
    ['an error with status 200', 200, { error: { code: 429, message: 'upstream is rate limited' } }, TransientError, 'rate_limited'],
    [
      'an error in a choice',
      200,
      { choices: [{ error: { code: 502, message: 'upstream' }, message: { content: '' }, finish_reason: 'error' }] },
      TransientError,
      'provider_error',
    ],
    ['broken JSON', 200, '{"choices": [', TransientError, 'provider_error'],
    ['an empty body', 200, '', TransientError, 'provider_error'],
    ['an answer cut off by its length', 200, completion({ content: '{"a": "b' }, { finish_reason: 'length' }), PermanentError, 'truncated'],
    ['a filtered answer', 200, completion({ content: '' }, { finish_reason: 'content_filter' }), PermanentError, 'filtered'],
    ['a refusal', 200, completion({ content: null, refusal: 'I cannot help with that.' }), PermanentError, 'refused'],
    ['nothing', 200, completion({ content: ' \n' }), PermanentError, 'empty'],
    ['null', 200, completion({ content: null }), PermanentError, 'empty'],
  ])('should tell %s', async (_name, status, body, ErrorType, code) => {
    server.answer(status, body);
    const error = await fails();
    expect(error).toBeInstanceOf(ErrorType);
    expect(error.code).toBe(code);
    expect(callOf(error)).toMatchObject({ model: 'tiny' });
  });

  it('should tell output that is no JSON as malformed, with what came and what it took', async () => {
    server.answer(200, completion({ content: 'Sure! The answer is b.' }));
    const error = await fails({ ...REQUEST, output: OUTPUT });
    expect(error).toMatchObject({ class: 'transient', code: 'malformed' });
    expect(callOf(error)).toMatchObject({ text: 'Sure! The answer is b.', usage: { input: 10, output: 5 }, usageEstimated: false });
  });

  it('should keep what was written before an answer was cut off', async () => {
    server.answer(200, completion({ content: '{"a": "b' }, { finish_reason: 'length' }));
    expect(callOf(await fails({ ...REQUEST, output: OUTPUT }))?.text).toBe('{"a": "b');
  });

  it.each([
    [401, {}, 'apiKey', 'a key that'],
    [402, {}, 'apiKey', 'quota and credit'],
    [404, {}, 'name', 'a model that'],
    [307, {}, 'baseUrl', 'the address'],
  ])('should name the setting behind a status of %i, by its place in the configuration', async (status, body, field, allowed) => {
    const config = modelConfig(server.baseUrl, { apiKey: CANARY });
    const [endpoint] = config.endpoints;
    if (!endpoint) throw new Error('no endpoint');
    server.answer(status, body);
    for (const [endpoints, place] of [
      [[endpoint], 'models.small.'],
      [[endpoint, endpoint], 'models.small.endpoints[0].'],
    ] as const) {
      model.close();
      model = createModel({ strategy: 'ordered', endpoints: [...endpoints] }, { name: 'small', ...(given ? { fetch: given } : {}) });
      const { details } = await fails();
      expect(details).toMatchObject({ field: `${place}${field}`, allowed: expect.stringContaining(allowed) });
    }
  });

  it('should name the parameter that is not known', async () => {
    server.answer(400, { error: { message: 'Unsupported parameter', param: 'temperature', code: 'unsupported_parameter' } });
    expect((await fails()).details.field).toBe('temperature');
  });

  it.each([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['parts of seconds', { 'retry-after': '0.25' }, 250],
    ['milliseconds', { 'retry-after-ms': '1234', 'retry-after': '9' }, 1_234],
    ['years', { 'retry-after': '99999999' }, 300_000],
    ['the past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['nothing', {}, undefined],
  ])('should wait as the endpoint asks for: %s', async (_name, headers, ms) => {
    server.answer(429, { error: { message: 'slow down' } }, headers);
    expect((await fails()).details.retryAfterMs).toBe(ms);
    server.answer(503, { error: { message: 'busy' } }, headers);
    expect((await fails()).details.retryAfterMs).toBe(ms);
  });

  it('should read a date to wait for, and the delay within a body', async () => {
    server.answer(429, {}, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
    const ms = (await fails()).details.retryAfterMs ?? 0;
    expect(ms).toBeGreaterThan(55_000);
    expect(ms).toBeLessThanOrEqual(60_000);
    server.answer(429, [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'RetryInfo', retryDelay: '17s' }] } }]);
    expect((await fails()).details.retryAfterMs).toBe(17_000);
  });

  it('should give up at the timeout, while nothing comes and while a body trickles', async () => {
    server.handle(() => undefined);
    const error = await fails({ ...REQUEST, timeoutMs: 100 });
    expect(error).toMatchObject({ class: 'transient', code: 'timeout' });
    expect(callOf(error)).toMatchObject({ usageEstimated: true });

    server.handle((_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    });
    expect((await fails({ ...REQUEST, timeoutMs: 150 })).code).toBe('timeout');
  });

  it('should throw what the signal was aborted with', async () => {
    const reason = new Error('cancelled by the run');
    server.handle(() => controller.abort(reason));
    const controller = new AbortController();
    await expect(model.complete(REQUEST, { attempt: 1, signal: controller.signal })).rejects.toBe(reason);
    await expect(model.complete(REQUEST, { attempt: 1, signal: controller.signal })).rejects.toBe(reason);
    expect(server.received).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['is reset before the answer', (response) => response.destroy()],
    [
      'is cut off within the body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"choices":', () => response.destroy());
      },
    ],
    [
      'is cut off within chunks',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"choices":', () => response.destroy());
      },
    ],
  ])('should tell that the connection %s', async (_name, act) => {
    server.handle((_received, response) => act(response));
    const error = await fails();
    expect(error).toMatchObject({ class: 'transient', code: 'connection' });
    expect(callOf(error)).toMatchObject({ usageEstimated: true });
  });

  it('should tell that nobody listens', async () => {
    await server[Symbol.asyncDispose]();
    expect(await fails()).toMatchObject({ class: 'transient', code: 'connection' });
    server = await new EndpointServer().listen();
  });

  it('should stop reading an endless body', async () => {
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      server.handle((_received, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = Buffer.alloc(256 * 1024, 0x20);
        const more = () => {
          if (response.destroyed) return;
          sent += chunk.length;
          if (response.write(chunk)) setImmediate(more);
          else response.once('drain', more);
        };
        response.on('close', resolve);
        more();
      });
    });
    const error = await fails();
    expect(error).toMatchObject({ class: 'transient', code: 'provider_error' });
    expect(error.message).toContain('8388608 bytes');
    await closed;
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('should stop inflating an answer that grows without end', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    server.handle((_received, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await fails()).toMatchObject({ code: 'provider_error' });
  });

  it('should not follow a redirect', async () => {
    await using other = await new EndpointServer().listen();
    server.answer(307, '', { location: `${other.baseUrl}/chat/completions?k=${CANARY}` });
    const error = await fails();
    expect(error).toMatchObject({ class: 'refused', code: 'invalid_request' });
    expect(other.received).toHaveLength(0);
  });

  it('should refuse a prompt that the model cannot take, without a call', async () => {
    model.close();
    model = createModel(modelConfig(server.baseUrl, { contextTokens: 1_000, outputTokens: 100 }), given ? { fetch: given } : {});
    const error = await fails({ messages: [{ role: 'user', content: 'a row of words '.repeat(1_000) }] });
    expect(error).toMatchObject({ class: 'permanent', code: 'context_exceeded' });
    expect(server.received).toHaveLength(0);
  });
});
