import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.js';

describe('lockFolder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('should give a folder to one at a time', async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'folder_in_use', class: 'refused', details: { field: 'dir' } });
    await lock.release();
    await (await lockFolder(folder)).release();
  });

  it('should take over what a dead process left', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    await writeFile(join(folder, 'lock'), `${child.pid} 1`);
    await (await lockFolder(folder)).release();
  });

  it('should not take another process for the holder because it has the same number', async () => {
    await writeFile(join(folder, 'lock'), `${process.pid} 1`);
    await (await lockFolder(folder)).release();
  });
});
