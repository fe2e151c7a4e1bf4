import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { cacheDir, ensureRay, ensureRayWith, hasPython, rayVersion } from '../src/index.js';

/** Ray may have to be fetched first. */
jest.setTimeout(600_000);

// Ray takes Python, without which everything else works.
const describeWithPython = (await hasPython()) ? describe : describe.skip;
const NAME = `test-${process.pid}`;

describeWithPython('an environment with further packages', () => {
  afterAll(async () => {
    for (const name of await readdir(cacheDir())) if (name.startsWith(NAME)) await rm(`${cacheDir()}/${name}`, { recursive: true });
  });

  it('should see the one Ray that is there, whoever asks for it at once, and be seen by no other', async () => {
    const ask = () => ensureRayWith(NAME, ['iniconfig==2.1.0']);
    const [python, same] = await Promise.all([ask(), ask()]);
    expect(same).toBe(python);
    expect((await readdir(cacheDir())).filter((name) => name.startsWith(NAME))).toEqual([basename(dirname(dirname(python)))]);

    const code = 'import importlib.metadata as m, iniconfig, ray; print(ray.__file__, m.version("ray"), m.version("iniconfig"))';
    const { stdout } = await promisify(execFile)(python, ['-c', code]);
    const [file = '', ...versions] = stdout.trim().split(' ');
    const ray = await ensureRay();
    expect(file.startsWith(dirname(dirname(ray)))).toBe(true);
    expect(versions).toEqual([rayVersion(), '2.1.0']);
    await expect(promisify(execFile)(ray, ['-c', 'import iniconfig'])).rejects.toThrow('No module named');
  });
});
