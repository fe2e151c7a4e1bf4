import { executorOperations as operations, newId, type ShardRange } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { mapWork, World } from './support/world.js';

jest.setTimeout(60_000);
const key = (letter: string) => letter.repeat(64);

/** Real: executor, Postgres, NATS. The test speaks for the members. */
describe('calls that must never be made twice', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
  });
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  const record = async (attempt: { stageId: string; token: string }, row: number, letter: string) => {
    const { stageId, token } = attempt;
    return (await world.messaging.request(operations.recordIntent, { stageId, token, row, key: key(letter) })).may;
  };
  const list = async (stageId: string, within: ShardRange) =>
    (await world.messaging.request(operations.listIntents, { stageId, within })).intents.toSorted((a, b) => a.row - b.row);

  it('should be made by the attempt that wrote them down, and by no other', async () => {
    await world.executor();
    const { id: stageId } = await world.submit(3);
    const member = await world.member();
    const first = await member.claimOne();
    expect(await record(first, 0, 'a')).toBe(true);
    // The answer was lost, and it asks again.
    expect(await record(first, 0, 'a')).toBe(true);
    expect(await record(first, 2, 'b')).toBe(true);
    await world.messaging.request(operations.release, { shardId: first.shardId, token: first.token });
    // Whoever was given up may begin nothing.
    expect(await record(first, 1, 'c')).toBe(false);
    const second = await (await world.member()).claimOne();
    expect(second).toMatchObject({ shardId: first.shardId, attempt: 2 });
    expect(await record(second, 0, 'a')).toBe(false);
    expect(await record(second, 0, 'd')).toBe(true);
    expect(await list(stageId, first.range)).toEqual(
      [
        { row: 0, key: key('a') },
        { row: 0, key: key('d') },
        { row: 2, key: key('b') },
      ].toSorted((a, b) => a.row - b.row),
    );
    expect(await list(stageId, { first: 1, last: 1 })).toEqual([]);
  });

  it('should be taken back by the attempt that wrote them down, once they were refused, and by no other', async () => {
    await world.executor();
    const { id: stageId } = await world.submit(2);
    const first = await (await world.member()).claimOne();
    const end = async ({ token }: { token: string }, row: number, letter: string) =>
      void (await world.messaging.request(operations.endIntent, { stageId, token, row, key: key(letter) }));
    await record(first, 0, 'a');
    await record(first, 1, 'b');
    await end({ token: 'f'.repeat(32) }, 0, 'a');
    await end(first, 1, 'a');
    expect(await list(stageId, first.range)).toHaveLength(2);
    await end(first, 0, 'a');
    await end(first, 0, 'a');
    expect(await list(stageId, first.range)).toEqual([{ row: 1, key: key('b') }]);
    await world.messaging.request(operations.release, { shardId: first.shardId, token: first.token });
    const second = await (await world.member()).claimOne();
    expect(await record(second, 0, 'a')).toBe(true);
    // A word that comes late takes nothing back of what another attempt has written down since.
    await end(first, 0, 'a');
    await end(first, 1, 'b');
    expect(await list(stageId, first.range)).toEqual([{ row: 0, key: key('a') }]);
  });

  it('should be written down by whoever comes first, and then is not given up: one of two that hold one token and none', async () => {
    await world.executor();
    await world.submit(1);
    const member = await world.member();
    const attempt = await member.claimOne();
    const answers = await Promise.all(Array.from({ length: 8 }, () => record(attempt, 0, 'a')));
    expect(answers).toEqual(Array.from({ length: 8 }, () => true));
    expect(await record({ ...attempt, token: 'f'.repeat(32) }, 0, 'b')).toBe(false);
  });

  it('should keep a stage from having second attempts, however late its shards are', async () => {
    world.config.executor.leaseMs = 60_000;
    await world.executor({ copyAfterMs: 300 });
    const unsafe = { ...python, effects: 'unsafe' };
    const stages = await Promise.all([[], [unsafe]].map((capabilities) => submitLate(capabilities)));
    const [harmless, harmful] = stages as [string, string];
    await eventually(async () => (await wanted(harmless)) > 0, { what: 'a second attempt' });
    expect(await wanted(harmful)).toBe(0);
  });

  const python = { kind: 'python', name: 'send', description: 'Sends', input: {}, output: {}, source: 'x' };
  const wanted = async (stageId: string) =>
    Number((await world.sql<{ n: string }>(`SELECT count(*) AS n FROM shards WHERE stage_id = $1 AND copy_wanted`, [stageId]))[0]?.n);
  /** A stage of which one shard was claimed an hour ago and all others are committed. What its capabilities are stands in the ledger alone. */
  const submitLate = async (capabilities: object[]): Promise<string> => {
    const { id: stageId } = await world.submit(2_000, { ownerId: newId('run'), work: mapWork(2_000) });
    await world.sql(`UPDATE stages SET work = (work::jsonb || $1::jsonb)::text WHERE id = $2`, [JSON.stringify({ capabilities }), stageId]);
    const [slow, fast] = [await world.member(), await world.member()];
    const [held] = await slow.claim(16);
    await world.finish(fast);
    await world.sql(`UPDATE attempts SET claimed_at = claimed_at - interval '1 hour' WHERE token = $1`, [held?.token]);
    return stageId;
  };
});
