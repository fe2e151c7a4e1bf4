import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { hasPython } from '@apwa/ray';

const run = promisify(execFile);
const SCRIPT = `
  const { onRay } = await import(${JSON.stringify(new URL('../dist/demo/on-ray.js', import.meta.url).href)});
  const stack = await onRay((text) => console.log(text));
  console.log(JSON.stringify({ stack }));`;

/** Pip takes its time to give up. */
jest.setTimeout(120_000);
// What is tried takes a Python that Ray has packages for.
const itWithPython = (await hasPython()) ? it : it.skip;

/** As a process, whose environment has no Ray, no Python, or no way to a registry. */
describe('a demo that is to be on Ray, where Ray is not to be had', () => {
  let empty: string;
  beforeEach(async () => {
    empty = await mkdtemp(join(tmpdir(), 'apwa-no-ray-'));
  });
  afterEach(() => rm(empty, { recursive: true, force: true }));

  /** What it says, line by line; at last what it goes on with. */
  const said = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
    const args = ['--input-type=module', '--eval', SCRIPT];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...env, XDG_CACHE_HOME: empty } });
    return stdout.trimEnd().split('\n');
  };

  it('should say in a line that Python is missing, and go on without it', async () => {
    const version = String.raw`3\.11, 3\.12, 3\.13 with venv was found\. Install Python 3\.11 to 3\.13, from where pip can fetch ray [\d.]+`;
    expect(await said({ PATH: empty })).toEqual([
      expect.stringMatching(new RegExp(`^no Ray: no Python ${version}; going on without it$`)),
      '{"stack":null}',
    ]);
  });

  itWithPython("should say in a line why Ray can't be fetched, and go on without it", async () => {
    expect(await said({ PIP_NO_INDEX: '1', PIP_CONFIG_FILE: '/dev/null' })).toEqual([
      expect.stringMatching(/^Ray [\d.]+: installing it into /),
      expect.stringMatching(/^no Ray: could not install Ray: .*ray.*; going on without it$/),
      '{"stack":null}',
    ]);
  });
});
