import { RateLimitsConfig } from '@apwa/config';
import { type EndpointNews, executorOperations as operations, newId, noNews, type PermitWant } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { World } from './support/world.js';

jest.setTimeout(60_000);

/** Real: executor, Postgres, NATS, storage. The test speaks for manager and members. */
describe('permits', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(() => world.newDatabase());
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  const limited = (limits: Partial<RateLimitsConfig>): void => {
    for (const { endpoints } of Object.values(world.config.models))
      for (const endpoint of endpoints) endpoint.limits = RateLimitsConfig.parse(limits);
  };
  const want = (ownerId: string, calls: number): PermitWant => ({ ownerId, inFlight: 0, toBegin: calls, calls, tokens: 0, next: 0 });
  const ask = async (memberId: string, wants: PermitWant[], news: Partial<EndpointNews> = {}, epoch = 0) => {
    const place = { model: 'small', endpoint: 0 };
    const question = { place, wants, returns: { calls: 0, tokens: 0 }, correction: 0, news: { ...noNews(), ...news } };
    const reply = await world.messaging.request(operations.permits, { memberId, epoch, endpoints: [question] });
    const [answer] = reply.endpoints;
    if (!answer) throw new Error('no answer about the endpoint');
    return { ...reply, answer, calls: answer.grants.map((grant) => grant.calls) };
  };
  const pausedOf = async (ownerId: string) =>
    (await world.messaging.request(operations.listStages, { owners: [ownerId] })).stages.map(({ pausedBy }) => pausedBy?.message ?? null);

  it('should share a rate among members by the weights of their runs, and give an unknown run nothing', async () => {
    limited({ requestsPerMinute: 12_000 });
    await world.executor();
    const [light, heavy] = [newId('run'), newId('run')];
    await world.submit(5_000, { ownerId: light });
    await world.submit(5_000, { ownerId: heavy, weight: 3 });
    const [a, b] = [await world.member(), await world.member()];
    const got = new Map<string, number>();
    const began = performance.now();
    while ([...got.values()].reduce((sum, calls) => sum + calls, 0) < 400)
      for (const { id } of [a, b]) {
        const { answer } = await ask(id, [want(light, 1_000), want(heavy, 1_000), want(newId('run'), 1_000)]);
        for (const { ownerId, calls } of answer.grants) got.set(ownerId, (got.get(ownerId) ?? 0) + calls);
      }
    const seconds = (performance.now() - began) / 1_000;
    expect([...got.values()].reduce((sum, calls) => sum + calls, 0)).toBeLessThanOrEqual(200 * seconds + 10);
    expect((got.get(heavy) ?? 0) / (got.get(light) ?? 1)).toBeCloseTo(3, 0);
    expect([...got].filter(([ownerId]) => ownerId !== light && ownerId !== heavy).every(([, calls]) => calls === 0)).toBe(true);
  });

  it('should refuse permits to a run that is paused, and free what a member had that is gone', async () => {
    limited({ requestsPerMinute: 60_000, inFlight: 4 });
    await world.executor();
    const { ownerId } = await world.submit(50);
    const [a, b] = [await world.member(), await world.member()];
    expect((await ask(a.id, [want(ownerId, 9)])).answer.grants).toMatchObject([{ inFlight: 4 }]);
    expect((await ask(b.id, [want(ownerId, 9)])).answer.grants).toMatchObject([{ inFlight: 0 }]);
    await a.join();
    await a.heartbeat({ state: 'stopped', attempts: [] });
    expect((await ask(b.id, [want(ownerId, 9)])).answer.grants).toMatchObject([{ inFlight: 4 }]);
    await world.messaging.request(operations.controlRun, { ownerId, version: 1, state: 'paused' });
    await eventually(async () => (await ask(b.id, [want(ownerId, 9)])).answer.grants[0]?.inFlight === 0);
    expect((await ask(b.id, [want(ownerId, 9)])).calls).toEqual([0]);
  });

  it('should never let two executors give out more than the rate together (H14)', async () => {
    limited({ requestsPerMinute: 6_000 });
    await world.executor();
    const { ownerId } = await world.submit(5_000);
    const member = await world.member();
    let [epoch, accepted] = [0, 0];
    const began = performance.now();
    const collect = async () => {
      const reply = await ask(member.id, [want(ownerId, 1_000)], {}, epoch).catch(() => null);
      // As a member does: what comes of an older epoch than one that was heard of is void.
      if (!reply || reply.epoch < epoch) return;
      epoch = reply.epoch;
      accepted += reply.calls[0] ?? 0;
    };
    while (accepted < 100) await collect();
    await world.executor();
    while (accepted < 400) await collect();
    expect(epoch).toBe(2);
    expect(accepted).toBeLessThanOrEqual((100 * (performance.now() - began)) / 1_000 + 20);
    // The one that was replaced has found it out by a question, and ends itself.
    await eventually(async () => {
      await collect();
      return world.replaced.length > 0;
    });
    await expect(ask(member.id, [want(ownerId, 1)], {}, 99)).rejects.toMatchObject({ code: 'executor_replaced' });
  });

  it('should open a circuit when a probe fails, say so, and know after a restart that somebody was there', async () => {
    await world.executor();
    const stage = await world.submit(50);
    const wants = [want(stage.ownerId, 5)];
    const [a, b] = [await world.member(), await world.member()];
    expect((await ask(a.id, wants)).answer).toMatchObject({ health: 'well', known: false });
    expect((await ask(a.id, wants, { answered: 3 })).answer).toMatchObject({ known: true });
    expect((await ask(a.id, wants, { suspects: true, reason: 'refused' })).answer).toMatchObject({ health: 'suspected', probe: true });
    expect((await ask(b.id, wants)).answer).toMatchObject({ health: 'well', probe: false });
    expect((await ask(a.id, wants, { probe: 'failed', reason: 'the connection failed' })).answer).toMatchObject({ health: 'down' });
    expect((await ask(b.id, wants)).answer).toMatchObject({ health: 'down', probe: false });
    const reason = /^the provider of model small does not answer \(the connection failed\); next try at 2/;
    await eventually(async () => reason.test((await world.stage(stage.id)).waitingFor ?? ''));
    // One of them is asked for the next probe, and no other.
    const prober = await eventually(async () => {
      for (const { id } of [a, b]) if ((await ask(id, wants)).answer.probe) return id;
      return null;
    });
    const other = prober === a.id ? b.id : a.id;
    expect((await ask(other, wants)).answer).toMatchObject({ health: 'down', probe: false });
    expect((await ask(prober, wants, { probe: 'answered' })).answer).toMatchObject({ health: 'well' });
    await eventually(async () => !reason.test((await world.stage(stage.id)).waitingFor ?? ''));
    await world.stopExecutors();
    await world.executor();
    expect((await ask(a.id, wants)).answer).toMatchObject({ health: 'well', known: true });
  });

  it('should pause the stages of a model whose every endpoint has no quota left, until their run is to go on', async () => {
    // Members of the test tell of themselves only now and then.
    world.config.executor.leaseMs = 60_000;
    await world.executor();
    const stage = await world.submit(50);
    const member = await world.member();
    const held = await member.claim();
    expect(held.length).toBeGreaterThan(0);
    await ask(member.id, [want(stage.ownerId, 5)], { exhausted: 'no credit left' });
    const message = 'the provider of model small takes no more calls: no credit left';
    await eventually(async () => (await pausedOf(stage.ownerId))[0] === message);
    expect(await world.stage(stage.id)).toMatchObject({ state: 'running', fault: null });
    expect((await member.heartbeat()).paused).toEqual([stage.id]);
    for (const assignment of held) await member.release(assignment);
    await eventually(async () => (await world.stage(stage.id)).waitingFor === message);
    expect(await member.claim()).toEqual([]);
    // Another run meets the same, without a call.
    const second = await world.submit(50);
    await ask(member.id, [want(second.ownerId, 5)]);
    await eventually(async () => (await pausedOf(second.ownerId))[0] === message);

    await world.messaging.request(operations.controlRun, { ownerId: stage.ownerId, version: 1, state: 'active' });
    expect(await pausedOf(stage.ownerId)).toEqual([null]);
    expect(await member.claim()).not.toEqual([]);
    // Whether there is quota again is asked by a probe; until its answer nobody is paused again.
    expect((await ask(member.id, [want(stage.ownerId, 5)])).answer).toMatchObject({ health: 'exhausted', probe: true });
    expect((await ask(member.id, [want(stage.ownerId, 5)], { probe: 'answered' })).answer).toMatchObject({ health: 'well' });
    expect(await pausedOf(stage.ownerId)).toEqual([null]);
  });

  it('should ask whether there is quota again though the answer to who resumes the run was lost', async () => {
    await world.executor();
    const { id, ownerId } = await world.submit(50);
    const member = await world.member();
    await ask(member.id, [want(ownerId, 5)], { exhausted: 'no credit left' });
    await eventually(async () => (await pausedOf(ownerId))[0] !== null);
    // What an executor leaves that ended, or lost its database, when it had committed.
    await world.sql(`UPDATE runs SET control = 'active', control_version = 1 WHERE owner_id = $1`, [ownerId]);
    await world.sql('UPDATE stages SET paused_by = NULL WHERE id = $1', [id]);
    await world.messaging.request(operations.controlRun, { ownerId, version: 1, state: 'active' });
    expect((await ask(member.id, [want(ownerId, 5)])).answer).toMatchObject({ health: 'exhausted', probe: true });
    expect(await pausedOf(ownerId)).toEqual([null]);
  });

  it('should hold calls of a capability to the limits that are told with the question, over all members', async () => {
    await world.executor();
    const { ownerId } = await world.submit(50);
    const askOf = async (memberId: string, account: string, inFlight: number) => {
      const place = { account: account.repeat(64), limits: { inFlight: 4 } };
      const wants = [{ ...want(ownerId, 9 - inFlight), inFlight }];
      const question = { place, wants, returns: { calls: 0, tokens: 0 }, correction: 0, news: noNews() };
      const { endpoints } = await world.messaging.request(operations.permits, { memberId, epoch: 0, endpoints: [question] });
      return endpoints[0]?.grants[0]?.inFlight;
    };
    const [a, b] = [await world.member(), await world.member()];
    expect([await askOf(a.id, 'a', 0), await askOf(b.id, 'a', 0), await askOf(b.id, 'b', 0)]).toEqual([4, 0, 4]);
  });

  it('should take places with the same address, model and key for one endpoint', async () => {
    limited({ inFlight: 4 });
    const { small } = world.config.models;
    if (!small) throw new Error('no model');
    world.config.models.again = structuredClone(small);
    await world.executor();
    const { ownerId } = await world.submit(50);
    const [a, b] = [await world.member(), await world.member()];
    expect((await ask(a.id, [want(ownerId, 9)])).answer.grants).toMatchObject([{ inFlight: 4 }]);
    const question = {
      place: { model: 'again', endpoint: 0 },
      wants: [want(ownerId, 9)],
      returns: { calls: 0, tokens: 0 },
      correction: 0,
      news: noNews(),
    };
    const { endpoints } = await world.messaging.request(operations.permits, { memberId: b.id, epoch: 0, endpoints: [question] });
    expect(endpoints[0]?.grants).toMatchObject([{ inFlight: 0 }]);
  });
});
