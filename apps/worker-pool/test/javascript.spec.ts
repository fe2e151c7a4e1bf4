import { type CapabilityTemplate, JavascriptCapability, workerPoolOperations } from '@apwa/contracts';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

const SHOUT = JavascriptCapability.parse({
  kind: 'javascript',
  name: 'shout',
  description: 'A text in capitals, and how long it is',
  input: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
  output: { type: 'object', required: ['loud', 'size'], properties: { loud: { type: 'string' }, size: { type: 'integer' } } },
  source: `function run({ text }) {
    if (text === 'row-2') throw new RangeError('not this one');
    if (text === 'row-3') for (;;);
    return { loud: text.toUpperCase(), size: text === 'row-4' ? 'wide' : text.length };
  }`,
  timeoutMs: 400,
});
const template: CapabilityTemplate = { mode: 'capability', capability: 'javascript:shout', with: { text: '{{text}}' } };

/** Real: members as processes, NATS with its journal, storage, the sandbox. The executor is scripted. */
describe('a function in JavaScript', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('should be called for each row, and fail no row but its own', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(40), { template, capabilities: [SHOUT] });
    await until(() => world.script.done(stageId), 30_000);
    const rows = await world.result(stageId);
    expect(rows.map(({ _error_code }) => _error_code ?? null).slice(0, 6)).toEqual([
      null,
      null,
      'capability_failed',
      'capability_timeout',
      'capability_bad_output',
      null,
    ]);
    expect(rows[2]?._error).toBe('RangeError: not this one (line 2)');
    expect(rows.slice(5).map(({ loud }) => loud)).toEqual(
      texts(40)
        .slice(5)
        .map((text) => text.toUpperCase()),
    );
  });

  it('should end the stage where it can not be loaded, with no row failed for it', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(5), { template, capabilities: [{ ...SHOUT, source: 'function run( {' }] });
    await until(() => world.script.stages.get(stageId)?.fault !== null);
    expect(world.script.stages.get(stageId)?.fault).toMatchObject({ class: 'refused', code: 'capability_syntax', field: 'source' });
  });

  it('should be tried with examples before anybody calls it', async () => {
    await world.member();
    const examples = [
      { input: { text: 'a' } },
      { input: { text: 'a' }, output: { size: 1, loud: 'A' } },
      { input: { text: 'a' }, output: { size: 2, loud: 'A' } },
      { input: { text: 'row-3' } },
      { input: { text: 'row-4' } },
      { input: { text: 1 } },
    ];
    const { results } = await world.messaging.request(workerPoolOperations.tryCapability, { definition: SHOUT, examples });
    expect(results.map(({ passed, error }) => (passed ? 'passed' : error?.code))).toEqual([
      'passed',
      'passed',
      'capability_bad_output',
      'capability_timeout',
      'capability_bad_output',
      'invalid_arguments',
    ]);
    expect(results[1]?.output).toEqual({ loud: 'A', size: 1 });
    const broken = { definition: { ...SHOUT, source: '\nfunction run( {' }, examples: [] };
    await expect(world.messaging.request(workerPoolOperations.tryCapability, broken)).rejects.toMatchObject({
      class: 'refused',
      code: 'capability_syntax',
      details: { field: 'source' },
    });
  });
});
