import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type Running, rowMessage, runCommand, startServer, stopServers, systemMessage } from './support/server.js';

// Real: the built server in a process of its own, with the flags for tests of load and faults.

const ask = ({ client }: Running, text: string, signal?: AbortSignal) =>
  client.chat.completions.create(
    {
      model: 'offline-rules',
      messages: [
        { role: 'system', content: systemMessage('Summarise [field "text"].') },
        { role: 'user', content: rowMessage({ text }) },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object', required: ['summary'], properties: { summary: { type: 'string' } } } },
      },
    },
    { signal },
  );
const outcomes = async (server: Running, texts: readonly string[]) =>
  Promise.all(
    texts.map((text) =>
      ask(server, text).then(
        ({ choices }) => choices[0]?.message.content ?? '',
        (error: unknown) => (error instanceof OpenAI.APIError ? error : Promise.reject(error as Error)),
      ),
    ),
  );
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `This is message number ${index}.`);
const isError = (outcome: unknown): outcome is InstanceType<typeof OpenAI.APIError> => outcome instanceof OpenAI.APIError;
const isBroken = (outcome: unknown): boolean => {
  try {
    JSON.parse(outcome as string);
    return false;
  } catch {
    return typeof outcome === 'string';
  }
};

afterEach(stopServers);

describe('the flags', () => {
  it('--latency and --jitter should hold answers back', async () => {
    const server = await startServer('--latency', '200', '--jitter', '300');
    const times = await Promise.all(
      numbered(12).map(async (text) => {
        const begun = performance.now();
        await ask(server, text);
        return performance.now() - begun;
      }),
    );
    expect(Math.min(...times)).toBeGreaterThanOrEqual(199);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(50);
  });

  it('--rpm should refuse what is too much, and say when to come again', async () => {
    const server = await startServer('--rpm', '5');
    const results = await outcomes(server, numbered(8));
    const errors = results.filter(isError);
    expect(errors).toHaveLength(3);
    for (const error of errors) {
      expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(error.headers?.get('retry-after-ms'))).toBeGreaterThan(0);
      expect(error.headers?.get('x-ratelimit-limit-requests')).toBe('5');
    }
    expect(await server.stats()).toMatchObject({ requests: 8, answered: 5, refused: 3 });
  });

  it('--limit-window should let requests in again when it has passed', async () => {
    const server = await startServer('--rpm', '60', '--limit-window', '2000');
    expect((await outcomes(server, numbered(4))).filter(isError)).toHaveLength(2);
    const patient = new OpenAI({ baseURL: server.url, apiKey: 'x', maxRetries: 5 });
    expect((await outcomes({ ...server, client: patient }, numbered(4))).filter(isError)).toHaveLength(0);
  });

  it('--tpm should count prompts and answers', async () => {
    const server = await startServer('--tpm', '400');
    const errors = (await outcomes(server, numbered(6))).filter(isError);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThan(6);
    expect(errors[0]).toMatchObject({ status: 429, type: 'tokens' });
  });

  it('--error-rate should answer that share with 500, the same in every run, and not for ever', async () => {
    const failing = async (server: Running) => (await outcomes(server, numbered(300))).map(isError);
    const [first, second] = await Promise.all([
      failing(await startServer('--error-rate', '0.2')),
      failing(await startServer('--error-rate', '0.2')),
    ]);
    expect(first).toEqual(second);
    expect(first.filter(Boolean).length).toBeGreaterThan(30);
    expect(first.filter(Boolean).length).toBeLessThan(90);
    const server = await startServer('--error-rate', '0.2', '--seed', '7');
    const once = await failing(server);
    expect(once).not.toEqual(first);
    expect(await failing(server)).not.toEqual(once);
  });

  it('--malformed-rate should break that share of answers', async () => {
    const server = await startServer('--malformed-rate', '0.3');
    const broken = (await outcomes(server, numbered(200))).filter(isBroken).length;
    expect(broken).toBeGreaterThan(30);
    expect(broken).toBeLessThan(90);
    expect(await server.stats()).toMatchObject({ answered: 200, malformed: broken, errors: 0 });
  });
});

describe('the page /stats', () => {
  it('should tell what is in flight, and who hung up', async () => {
    const server = await startServer('--latency', '60000');
    const controller = new AbortController();
    const asked = numbered(3).map((text) => ask(server, text, controller.signal).catch(() => null));
    await until(async () => (await server.stats()).inFlight === 3);
    expect(await server.stats()).toMatchObject({ requests: 3, inFlight: 3, maxInFlight: 3, answered: 0 });
    controller.abort();
    await Promise.all(asked);
    await until(async () => (await server.stats()).inFlight === 0);
    expect(await server.stats()).toMatchObject({ aborted: 3, maxInFlight: 3 });
  });

  it('should count rows that were answered before, whatever the mark around them', async () => {
    const server = await startServer();
    await outcomes(server, numbered(3));
    const again = { role: 'user' as const, content: rowMessage({ text: 'This is message number 1.' }, 'ffeeddccbbaa9988') };
    await server.client.chat.completions.create({
      model: 'offline-rules',
      messages: [{ role: 'system', content: systemMessage('Summarise [field "text"].') }, again],
    });
    expect(await server.stats()).toMatchObject({ requests: 4, answered: 4, repeated: 1 });
  });

  it('should begin anew on demand', async () => {
    const server = await startServer();
    await outcomes(server, numbered(2));
    await fetch(new URL('/stats/reset', server.url), { method: 'POST' });
    expect(await server.stats()).toMatchObject({ requests: 0, answered: 0, promptTokens: 0 });
  });
});

describe('the command', () => {
  it('should explain itself', async () => {
    const { code, stdout } = await runCommand('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('It is no language model');
    for (const flag of [
      '--port',
      '--host',
      '--latency',
      '--jitter',
      '--rpm',
      '--tpm',
      '--error-rate',
      '--malformed-rate',
      '--api-key',
      '--context-tokens',
    ])
      expect(stdout).toContain(flag);
  });

  it.each([
    [['--rmp', '5'], /unknown option '--rmp'.*--rpm/s],
    [['--port', 'http'], /--port.*whole number from 0 to 65535/s],
    [['--error-rate', '2'], /--error-rate.*number from 0 to 1/s],
    [['--latency', ''], /--latency/],
    [['serve'], /too many arguments/],
  ])('should refuse %j with exit code 2', async (given, message) => {
    const { code, stderr, stdout } = await runCommand(...given);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('should say that a port is taken', async () => {
    const { url } = await startServer();
    const { code, stderr } = await runCommand('--port', new URL(url).port);
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
  });
});

/** Waits until a condition holds; the runner's time limit ends what never does. */
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
};
