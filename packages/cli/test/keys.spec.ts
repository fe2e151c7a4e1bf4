import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, type ApiKey, type ErrorPayload } from '@apwa/contracts';
import { start } from './support/apwa.js';
import { scriptedManager, type Script, type ScriptedManager } from './support/manager.js';
import { aRun } from './support/runs.js';

/** The built command as a process, over real HTTP, against a scripted manager. */
const KEY = `apwa_${'k'.repeat(32)}`;
const MADE = `apwa_${'m'.repeat(32)}`;
const at = new Date(0).toISOString();
const made: ApiKey = {
  id: newId('key'),
  name: 'ci',
  scope: 'run',
  prefix: 'apwa_mmmm',
  createdAt: at,
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
};

let cwd: string;
let manager: ScriptedManager;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'apwa-keys-'));
  await writeFile(join(cwd, 'admin.key'), `${KEY}\n`);
});
afterEach(async () => {
  await manager.close();
  await rm(cwd, { recursive: true });
});

const serve = async (script: Script) => (manager = await scriptedManager(aRun(), script));
const apwa = (args: string[], env: NodeJS.ProcessEnv = {}) => start('main.js', args, { cwd, env: { APWA_URL: manager.url, ...env } }).ended;

describe('apwa keys', () => {
  it('should print a new key once, alone, and say beside it what it is', async () => {
    await serve({ answers: { 'POST /v1/keys': { ...made, key: MADE } } });
    const { code, out, err } = await apwa(['keys', 'create', 'ci', '--scope', 'run', '--expires', '90d', '--key-file', 'admin.key']);
    expect({ code, out }).toEqual({ code: 0, out: `${MADE}\n` });
    expect(err).toContain(`${made.id} (run) does not expire. It is shown this once:`);
    expect(err).not.toContain(MADE);
    const [request] = manager.requests;
    expect(JSON.parse(request?.body ?? '')).toEqual({ name: 'ci', scope: 'run', expiresIn: '90d' });
    expect(request?.authorization).toBe(`Bearer ${KEY}`);
  });

  it('should list keys by what they begin with', async () => {
    await serve({ answers: { 'GET /v1/keys': { keys: [{ ...made, revokedAt: at }], next: null } } });
    const { code, out } = await apwa(['keys', 'list'], { APWA_KEY: KEY });
    expect(code).toBe(0);
    expect(out).toContain('BEGINS WITH');
    expect(out).toMatch(new RegExp(`${made.id} +ci +run +apwa_mmmm +${at} +never +revoked ${at}`));
    expect(manager.requests[0]?.authorization).toBe(`Bearer ${KEY}`);
  });

  it('should revoke a key', async () => {
    await serve({ answers: { [`POST /v1/keys/${made.id}/revoke`]: { ...made, revokedAt: at } } });
    const { code, out } = await apwa(['keys', 'revoke', made.id], { APWA_KEY: KEY });
    expect({ code, out }).toEqual({ code: 0, out: `${made.id} (ci) is revoked: requests with it are refused from now on.\n` });
  });
});

describe('a manager that asks for keys', () => {
  const refused = (code: string, status: number): ErrorPayload & { status: number } => ({
    status,
    code,
    class: 'refused',
    message: `Refused: ${code}.`,
    field: 'authorization',
    allowed: 'a header',
  });

  it.each([
    ['key_missing', 401, ['APWA_KEY', '--key-file FILE', 'apwa keys create']],
    ['key_unknown', 401, ['APWA_KEY', 'apwa keys list']],
    ['key_revoked', 401, ['apwa keys create']],
    ['key_expired', 401, ['apwa keys create']],
    ['scope_too_small', 403, ['apwa keys create NAME --scope SCOPE']],
  ])('should end a command with 2, and with what can be done: %s', async (code, status, words) => {
    await serve({ lockedWith: refused(code, status) });
    const ended = await apwa(['runs', 'list']);
    expect(ended.code).toBe(2);
    for (const word of [`Refused: ${code}.`, ...words]) expect(ended.err).toContain(word);
    expect(manager.requests).toHaveLength(1);
    expect(manager.requests[0]).not.toHaveProperty('authorization');
  });
});
