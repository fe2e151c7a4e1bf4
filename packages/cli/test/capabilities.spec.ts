import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CapabilityDefinition, type CapabilityDetails, RefusedError } from '@apwa/contracts';
import { parse } from 'yaml';
import { start } from './support/apwa.js';
import { scriptedManager, type Script, type ScriptedManager } from './support/manager.js';
import { aRun } from './support/runs.js';

/** The built command as a process, over real HTTP, against a scripted manager. */
const at = new Date(0).toISOString();
const hash = 'a'.repeat(64);
const source = 'function run() { return { valid: true }; }';
const file = {
  kind: 'javascript',
  name: 'luhn',
  description: 'Whether a check digit is right',
  input: { type: 'object', required: ['number'], properties: { number: { type: 'string' } } },
  output: { type: 'object', required: ['valid'], properties: { valid: { type: 'boolean' } } },
};
const examples = [{ input: { number: '42' }, output: { valid: true } }];
const luhn: CapabilityDetails = {
  id: 'javascript:luhn',
  name: 'luhn',
  kind: 'javascript',
  description: file.description,
  effects: 'none',
  scope: 'global',
  version: 2,
  hash,
  createdAt: at,
  input: file.input,
  output: file.output,
  limits: { timeoutMs: 1_000 },
  definition: CapabilityDefinition.parse({ ...file, source }),
  examples,
  removedAt: null,
  versions: [{ version: 2, hash, createdAt: at, removedAt: null }],
};
const {
  input: _in,
  output: _out,
  limits: _limits,
  definition: _definition,
  examples: _examples,
  removedAt: _removed,
  versions: _,
  ...entry
} = luhn;

let cwd: string;
let manager: ScriptedManager;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'apwa-capabilities-'));
  await writeFile(join(cwd, 'luhn.js'), source);
  await writeFile(join(cwd, 'luhn.json'), JSON.stringify({ ...file, sourceFile: 'luhn.js', examples }));
});
afterEach(async () => {
  await manager.close();
  await rm(cwd, { recursive: true });
});

const serve = async (script: Script) => (manager = await scriptedManager(aRun(), script));
const apwa = (...args: string[]) => start('main.js', ['capabilities', ...args], { cwd, env: { APWA_URL: manager.url } }).ended;

describe('apwa capabilities', () => {
  it('should list what is found, and show one with all that it takes and gives', async () => {
    await serve({
      answers: { 'GET /v1/capabilities': { capabilities: [entry], next: null }, 'GET /v1/capabilities/luhn': luhn },
    });
    const listed = await apwa('list', 'check digit');
    expect(listed.code).toBe(0);
    expect(listed.out).toMatch(/javascript:luhn +2 +global +none +Whether a check digit is right/);
    const { code, out } = await apwa('show', 'javascript:luhn@2');
    expect(code).toBe(0);
    expect(out).toContain('javascript:luhn@2 (global, effects: none)');
    expect(out).toMatch(/number +string +yes/);
    expect(out).toContain('limits: timeoutMs 1000');
    expect(JSON.parse((await apwa('show', 'luhn', '--json')).out)).toEqual(luhn);
  });

  it('should print a definition as a file that can be added again', async () => {
    await serve({ answers: { 'GET /v1/capabilities/luhn': luhn } });
    const { out } = await apwa('show', 'luhn', '--definition');
    expect(parse(out)).toEqual({ ...luhn.definition, examples });
  });

  it('should add a file with the source that it names, its examples beside it', async () => {
    await serve({ answers: { 'POST /v1/capabilities': luhn } });
    const { code, out } = await apwa('add', 'luhn.json');
    expect({ code, out }).toEqual({ code: 0, out: 'luhn@2 is registered: plans call it as javascript:luhn.\n' });
    expect(JSON.parse(manager.requests[0]?.body ?? '')).toEqual({ definition: { ...file, source }, examples });
  });

  it('should add the operations of an OpenAPI document that stands at a URL, each once, and tell of those that it cannot have', async () => {
    const operation = (operationId: string, more: object = {}) => ({ operationId, responses: { 204: { description: 'x' } }, ...more });
    const document = {
      openapi: '3.1.0',
      servers: [{ url: '/api' }],
      paths: {
        '/cards/{number}': {
          delete: operation('dropCard', { parameters: [{ name: 'number', in: 'path', required: true, schema: { type: 'string' } }] }),
          trace: operation('traceCard'),
        },
      },
    };
    await serve({
      answers: {
        'GET /openapi.json': document,
        'POST /v1/capabilities': { ...luhn, kind: 'http', id: 'http:drop_card', name: 'drop_card' },
      },
    });
    const { code, out, err } = await apwa('add', '--openapi', `${manager.url}/openapi.json`);
    expect({ code, out }).toEqual({
      code: 0,
      out: 'drop_card@2 is registered, of dropCard (effects: none): plans call it as http:drop_card.\n',
    });
    expect(err).toContain('traceCard is left out: not supported: the method TRACE');
    const [, added] = manager.requests;
    expect(JSON.parse(added?.body ?? '')).toMatchObject({
      definition: {
        kind: 'http',
        name: 'drop_card',
        method: 'DELETE',
        url: `${manager.url}/api/cards/{{number}}`,
        input: { required: ['number'] },
      },
    });
    expect(manager.requests).toHaveLength(2);
  });

  it.each<[string[], string]>([
    [[], 'FILE'],
    [['luhn.json', '--openapi', 'x.yaml'], 'FILE'],
    [['luhn.json', '--operation', 'x'], '--operation'],
    [['--openapi', 'none.yaml'], '--openapi'],
    [['--openapi', 'luhn.json'], '--openapi'],
  ])('should not add %j', async (args, field) => {
    await serve({});
    const { code, err } = await apwa('add', ...args);
    expect(code).toBe(2);
    expect(err).toContain(field);
    expect(manager.requests).toEqual([]);
  });

  it('should tell a refusal in words of the file', async () => {
    const fault = { field: 'definition.output.type', message: 'is not one', value: 'objekt', allowed: 'object' };
    const refusal = new RefusedError('invalid_capability', 'The capability was not registered: definition.output.type is not one.', {
      field: fault.field,
      faults: [fault],
    });
    await serve({ lockedWith: { ...refusal.toPayload(), status: 400 } });
    const { code, err } = await apwa('add', 'luhn.json');
    expect(code).toBe(2);
    expect(err).toContain('luhn.json: The capability was not registered: output.type is not one.');
    expect(err).toContain('  output.type: is not one, found: objekt, allowed: object');
  });

  it('should remove one', async () => {
    await serve({ answers: { 'DELETE /v1/capabilities/luhn': { ...luhn, removedAt: at } } });
    const { code, out } = await apwa('remove', 'luhn');
    expect(code).toBe(0);
    expect(out).toContain('luhn is removed');
  });
});
