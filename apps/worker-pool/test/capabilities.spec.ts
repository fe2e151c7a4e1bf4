import { type CapabilityTemplate } from '@apwa/contracts';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

/** Real: members as processes, NATS with its journal, storage. The executor is scripted; there is no call of a model. */
describe('a template without a model', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(async () => {
    expect(world.model.calls).toEqual([]);
    await world.stop();
  });
  const template = (more: Partial<CapabilityTemplate> = {}): CapabilityTemplate => ({
    mode: 'capability',
    capability: 'builtin:text_length',
    with: { text: '{{text}}' },
    ...more,
  });

  it('should be carried out row by row, journaled, and committed as a part', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(1_500), { template: template({ rename: { bytes: 'size' } }), shardRows: 500 });
    await until(() => world.script.done(stageId), 20_000);
    const rows = await world.result(stageId);
    expect(rows).toHaveLength(1_500);
    expect(rows[1_234]).toMatchObject({ text: 'row-1234', characters: 8, size: 8, _status: 'ok', _attempts: 1 });
    expect(rows.filter(({ characters, text }) => characters !== String(text).length)).toEqual([]);
    const [shard] = world.script.shardsOf(stageId);
    expect(shard?.content?.counts).toMatchObject({ ok: 500, failed: 0, calls: 500, costUsd: 0 });
  });

  it('should do identical rows once', async () => {
    await world.member();
    const { stageId } = await world.stage(['same', 'same', 'other'], { template: template() });
    await until(() => world.script.done(stageId));
    expect((await world.result(stageId)).map(({ _attempts }) => _attempts)).toEqual([1, 0, 1]);
  });

  it('should be taken over from a member that was killed', async () => {
    const first = await world.member();
    const { stageId } = await world.stage(texts(4_000), { template: template(), shardRows: 1_000 });
    await until(() => world.script.shardsOf(stageId).some(({ content }) => content !== null));
    await first.kill();
    for (const attempt of world.script.attempts) if (attempt.state === 'active') world.script.revoke(attempt);
    await world.member();
    await until(() => world.script.done(stageId), 20_000);
    expect((await world.result(stageId)).map(({ text }) => text)).toEqual(texts(4_000));
  });

  it('should end the stage where no member knows the capability, with no row failed for it', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(5), { template: template({ capability: 'builtin:none' }) });
    await until(() => world.script.stages.get(stageId)?.fault !== null);
    expect(world.script.stages.get(stageId)?.fault).toMatchObject({ class: 'refused', code: 'unknown_capability' });
  });
});
