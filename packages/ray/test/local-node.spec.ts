import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { ensureRay, hasPython, LocalHead } from '../src/index.js';

/** The first start fetches Ray. */
const INSTALL_TIMEOUT_MS = 600_000;
jest.setTimeout(120_000);

// Ray takes Python, without which everything else works.
const describeOnRay = (await hasPython()) ? describe : describe.skip;

describeOnRay('nodes of a cluster on this machine', () => {
  let folder: string;
  let head: LocalHead;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-nodes-'));
    head = await LocalHead.start({ python: await ensureRay(), cpus: 1, logFile: join(folder, 'ray.log') });
  }, INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    await head.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('should all join that are added at once', async () => {
    const nodes = await Promise.all([head.addNode({ cpus: 1 }), head.addNode({ cpus: 1 })]);
    expect(nodes.map(({ running }) => running)).toEqual([true, true]);
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it('should be told why a head ended at its start', async () => {
    const options = { python: await ensureRay(), cpus: 1, labels: { zone: '-' }, logFile: join(folder, 'head.log') };
    await expect(LocalHead.start(options)).rejects.toMatchObject({
      code: 'ray_not_started',
      message: expect.stringMatching(/^Ray ended at its start: .*zone.*head\.log\)$/),
    });
  });

  it('should be told of one that does not come up, and have the next one join', async () => {
    await expect(head.addNode({ cpus: 1, labels: { zone: '-' } })).rejects.toMatchObject({ code: 'ray_not_started' });
    await (await head.addNode({ cpus: 1, labels: { zone: 'east' } })).stop();
  });
});
