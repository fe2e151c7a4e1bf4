import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApwaError } from '@apwa/contracts';
import { keyOf } from './key.js';

const KEY = `apwa_${'k'.repeat(32)}`;
const OTHER = `apwa_${'o'.repeat(32)}`;

describe('the key that requests are sent with', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-key-'));
    file = join(folder, 'key');
    await writeFile(file, `${KEY}\n`);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('should come from where it is given, a file first', async () => {
    expect(await keyOf({})).toBeUndefined();
    expect(await keyOf({ APWA_KEY: '', APWA_KEY_FILE: '' })).toBeUndefined();
    expect(await keyOf({ APWA_KEY: `${OTHER}\n` })).toBe(OTHER);
    expect(await keyOf({ APWA_KEY_FILE: file })).toBe(KEY);
    expect(await keyOf({ APWA_KEY: OTHER, APWA_KEY_FILE: file })).toBe(KEY);
  });

  const refusal = async (env: NodeJS.ProcessEnv) => {
    const error = await keyOf(env).catch((thrown: unknown) => thrown as ApwaError);
    return (error as ApwaError).toPayload();
  };

  it('should be refused where it is none, and not be told', async () => {
    const refused = await refusal({ APWA_KEY: 'sk-something-else' });
    expect(refused).toMatchObject({ class: 'refused', field: 'APWA_KEY', allowed: expect.stringContaining('apwa_') });
    expect(JSON.stringify(refused)).not.toContain('something');
    await writeFile(file, 'sk-something-else');
    const ofFile = await refusal({ APWA_KEY_FILE: file });
    expect(ofFile).toMatchObject({ field: '--key-file', message: expect.stringContaining(file) });
    expect(JSON.stringify(ofFile)).not.toContain('something');
  });

  it('should be missed by its file', async () => {
    expect(await refusal({ APWA_KEY_FILE: join(folder, 'none') })).toMatchObject({
      field: '--key-file',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
