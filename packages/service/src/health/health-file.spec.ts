import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HEALTHY_FOR_MS, isHealthy, touchHealthFile } from './health-file.js';

describe('the health file', () => {
  it('should tell a member that was heard of lately from one that was not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'apwa-health-'));
    const path = join(folder, 'health');
    expect(await isHealthy(path)).toBe(false);
    await touchHealthFile(path);
    expect(await isHealthy(path)).toBe(true);
    const before = new Date(Date.now() - HEALTHY_FOR_MS - 1_000);
    await utimes(path, before, before);
    expect(await isHealthy(path)).toBe(false);
    await touchHealthFile(path);
    expect(await isHealthy(path)).toBe(true);
    await rm(folder, { recursive: true });
    await touchHealthFile(join(folder, 'gone', 'health'));
  });
});
