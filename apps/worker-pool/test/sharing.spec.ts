import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

const SLOTS = 64;

/** Real: a member as a process, NATS, storage, HTTP. The executor and the model are scripted. */
describe('the slots of a member', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start({ slots: SLOTS });
    world.model.script = async ({ text }) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return answer(text);
    };
    await world.member();
  });
  afterEach(() => world.stop());

  it('should all go to the only shard there is, though it was claimed with a few', async () => {
    const { stageId } = await world.stage(texts(600), { slots: 5, elastic: true });
    await until(() => world.script.done(stageId), 20_000);
    expect(world.model.mostInFlight).toBe(SLOTS);
    expect(world.model.calls).toHaveLength(600);
  });

  it('should not go beyond those of the claim where the run has a limit', async () => {
    const { stageId } = await world.stage(texts(100), { slots: 5 });
    await until(() => world.script.done(stageId), 20_000);
    expect(world.model.mostInFlight).toBe(5);
  });

  it('should be shared with a run that comes later, and go back when it is done', async () => {
    const rows = await world.table(texts(96, 'small'));
    const huge = await world.stage(texts(3_000, 'huge'), { shardRows: 1_000, elastic: true });
    await until(() => world.model.inFlight === SLOTS);
    const small = world.stageOver(rows, { elastic: true });
    const callsOf = (prefix: string) => world.model.calls.filter(({ text }) => text.startsWith(prefix)).length;
    await until(() => world.script.done(small.stageId), 20_000);
    expect(callsOf('small')).toBe(96);
    // The huge one is still at work, and had given a share at once.
    expect(callsOf('huge')).toBeLessThan(900);
    await until(() => world.model.inFlight === SLOTS, 5_000);
    await until(() => world.script.done(huge.stageId), 30_000);
    expect(world.model.calls).toHaveLength(3_096);
    expect(world.model.mostInFlight).toBe(SLOTS);
  });

  it('should be shared by weights, whoever came first', async () => {
    const tables = [await world.table(texts(3_000, 'light')), await world.table(texts(3_000, 'heavy'))] as const;
    const light = world.stageOver(tables[0], { elastic: true });
    await until(() => world.model.inFlight === SLOTS);
    const heavy = world.stageOver(tables[1], { elastic: true, weight: 3 });
    const callsOf = (prefix: string) => world.model.calls.filter(({ text }) => text.startsWith(prefix)).length;
    // Shares are looked at every two seconds.
    await until(() => callsOf('heavy') >= 1_000, 20_000);
    const before = { light: callsOf('light'), heavy: callsOf('heavy') };
    await until(() => callsOf('heavy') >= before.heavy + 1_200, 20_000);
    const share = (callsOf('light') - before.light) / (callsOf('heavy') - before.heavy);
    expect(share).toBeGreaterThan(0.28);
    expect(share).toBeLessThan(0.4);
    await until(() => world.script.done(light.stageId) && world.script.done(heavy.stageId), 30_000);
  });

  it('should claim shards of the same run one after the other, as they are needed', async () => {
    const { stageId } = await world.stage(texts(1_200), { shardRows: 200, elastic: true });
    await until(() => world.script.done(stageId), 30_000);
    const overlapping = world.script.attempts.filter(({ state }) => state === 'won');
    expect(overlapping).toHaveLength(6);
    expect(world.model.mostInFlight).toBe(SLOTS);
    // Without knowing that others wait for nothing, each freed slot would be a request.
    expect(world.script.claims.length).toBeLessThan(40);
  });
});
