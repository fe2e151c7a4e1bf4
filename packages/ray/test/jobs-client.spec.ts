import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { ensureRay, hasPython, JobsClient, LocalHead, packFabric, rayVersion, tokenFrom } from '../src/index.js';

/** The first start fetches Ray. */
const INSTALL_TIMEOUT_MS = 600_000;
jest.setTimeout(60_000);

// Ray takes Python, without which everything else works.
const describeOnRay = (await hasPython()) ? describe : describe.skip;

describeOnRay('JobsClient, on a real Ray', () => {
  let folder: string;
  let head: LocalHead;
  let jobs: JobsClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-jobs-'));
    head = await LocalHead.start({ python: await ensureRay(), cpus: 1, logFile: join(folder, 'ray.log') });
    jobs = new JobsClient({ address: head.address, token: tokenFrom(head.tokenFile) });
  }, INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    await head.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const until = async <T>(condition: () => Promise<T | null | false>): Promise<T> => {
    for (;;) {
      const value = await condition();
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const withToken = (token: string | null) => new JobsClient({ address: head.address, token: async () => token });

  it('should tell the version and the session', async () => {
    expect(await jobs.version()).toEqual({ ray: rayVersion(), session: expect.stringMatching(/^session_/) });
    expect(await jobs.isHealthy()).toBe(true);
  });

  it('should tell a token that is missing from one that is wrong', async () => {
    await expect(withToken(null).jobs()).rejects.toMatchObject({
      code: 'ray_token_missing',
      class: 'refused',
      details: { field: 'tokenFile' },
    });
    await expect(withToken('0'.repeat(48)).jobs()).rejects.toMatchObject({ code: 'ray_token_wrong', class: 'refused' });
    const none = join(folder, 'none');
    await expect(new JobsClient({ address: head.address, token: tokenFrom(none) }).jobs()).rejects.toMatchObject({
      code: 'ray_token_unreadable',
      details: { value: none },
    });
  });

  it('should run a job, tell how it ended, and forget it', async () => {
    const { uri, zip } = packFabric();
    await jobs.upload(uri, zip);
    await jobs.upload(uri, zip);
    const submission = { submissionId: 'fails', workingDir: uri, entrypoint: 'python -c "import apwa_fabric, no_such_module"' };
    await jobs.submit(submission);
    await expect(jobs.submit(submission)).rejects.toMatchObject({ code: 'ray_job_exists', class: 'permanent' });
    const ended = await until(async () => {
      const job = await jobs.job('fails');
      return job?.status === 'FAILED' && job;
    });
    expect(ended.submissionId).toBe('fails');
    expect(await jobs.logs('fails')).toContain("No module named 'no_such_module'");
    expect((await jobs.jobs()).map(({ submissionId }) => submissionId)).toContain('fails');
    expect(await jobs.delete('fails')).toBe(true);
    expect(await jobs.job('fails')).toBeNull();
  });

  it('should stop a job', async () => {
    const { uri, zip } = packFabric();
    await jobs.upload(uri, zip);
    await jobs.submit({ submissionId: 'sleeps', workingDir: uri, entrypoint: 'sleep 300' });
    await until(async () => (await jobs.job('sleeps'))?.status === 'RUNNING');
    expect(await jobs.stop('sleeps')).toBe(true);
    await until(async () => (await jobs.job('sleeps'))?.status === 'STOPPED');
  });

  it('should say of what it does not know that it is not there', async () => {
    expect([await jobs.job('none'), await jobs.stop('none'), await jobs.delete('none'), await jobs.logs('none')]).toEqual([
      null,
      false,
      false,
      '',
    ]);
  });
});

describe('JobsClient, where Ray is not well', () => {
  let server: Server;
  let answer: { status: number; body: string } | null;
  let jobs: JobsClient;

  beforeEach(async () => {
    server = createServer((_, response) => {
      if (answer) response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    jobs = new JobsClient({ address: `http://127.0.0.1:${port}/`, token: async () => null, timeoutMs: 300 });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    [
      'a stack trace',
      500,
      'Traceback (most recent call last):\n  File "x.py", line 1\nRuntimeError: no agent',
      'ray_failed',
      'internal',
      'RuntimeError: no agent',
    ],
    ['an overload', 503, 'later', 'ray_unavailable', 'transient', 'later'],
    ['a request that it does not like', 405, 'Method Not Allowed', 'ray_refused', 'refused', 'Method Not Allowed'],
    ['an answer that is no JSON', 200, '<html>', 'ray_malformed', 'internal', '<html>'],
  ])('should tell of %s', async (_, status, body, code, kind, cause) => {
    answer = { status, body };
    await expect(jobs.jobs()).rejects.toMatchObject({ code, class: kind, message: expect.stringContaining(cause) });
  });

  it('should wait for no answer for longer than its time, and say who did not answer', async () => {
    answer = null;
    await expect(jobs.version()).rejects.toMatchObject({
      code: 'ray_unreachable',
      class: 'transient',
      message: expect.stringContaining('no answer within 300 ms'),
    });
    expect(await jobs.isHealthy()).toBe(false);
  });

  it('should say that nobody is there', async () => {
    const nobody = new JobsClient({ address: 'http://127.0.0.1:9', token: async () => null });
    await expect(nobody.version()).rejects.toMatchObject({ code: 'ray_unreachable', message: expect.stringContaining('ECONNREFUSED') });
  });
});
