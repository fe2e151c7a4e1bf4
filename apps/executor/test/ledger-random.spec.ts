import { newId, sizeOf } from '@apwa/contracts';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { LedgerBench, MEMBER_SLOTS, newMember } from './support/ledger-bench.js';
import { claim, commit, divideSuspects, join, ledgerCommands } from './support/ledger-commands.js';
import { type Real } from './support/ledger-real.js';
import { type Deed, LedgerCrowd } from './support/ledger-crowd.js';
import { LedgerModel } from './support/ledger-model.js';
import { LedgerWatch } from './support/ledger-rows.js';
import { mapWork } from './support/world.js';

jest.setTimeout(400_000);

/** Milliseconds after which a search, or the shrinking of what it found, ends: far more than it takes. */
const PATIENCE_MS = 300_000;
/** Milliseconds that a crowd of members has for 200 shards. */
const CROWD_MS = 180_000;

/** Real: the executor's services, Postgres, NATS, storage. What happens to them is random; what should be then, `decide` says. */
describe('the ledger', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await LedgerBench.start();
  });
  afterAll(() => bench.stop());

  it('should be what the model says after whatever happens, and come to its end (HAZARDS §2b)', async () => {
    const real = (): Real => ({
      bench,
      watch: new LedgerWatch(bench),
      owners: [newId('run'), newId('run')],
      submissions: new Map(),
      parts: new Map(),
      lapses: 0,
    });
    await fc.assert(
      fc.asyncProperty(ledgerCommands(), async (commands) => {
        await bench.reset();
        const state = { model: new LedgerModel(), real: real() };
        await fc.asyncModelRun(() => state, commands);
        await bringToEnd(state.model, state.real);
      }),
      { numRuns: 300, interruptAfterTimeLimit: PATIENCE_MS, markInterruptAsFailure: true },
    );
  });

  it('should commit each subtask once, whoever claims, commits and expires at the same time', async () => {
    const deeds = fc.infiniteStream(
      fc.constantFrom<Deed[]>('commit', 'commit', 'commit_twice', 'release', 'abandon', 'abandon_late', 'die', 'heartbeat'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { minLength: 20, maxLength: 20 }), async (members) => {
        await bench.reset();
        const before = await deadlocks(bench);
        const submission = {
          stageId: newId('stage'),
          ownerId: newId('run'),
          work: mapWork(1_600),
          resources: {},
          weight: 1,
          followed: false,
        };
        await bench.stages.submit(submission);
        await cutInto(bench, submission.stageId, 200);
        const crowd = new LedgerCrowd(bench, submission.stageId, CROWD_MS);
        await Promise.all([
          ...members.map((own) => crowd.member(() => own.next().value as Deed)),
          crowd.expirer(),
          crowd.expirer(),
          crowd.divider(),
          crowd.divider(),
        ]);

        const { shards } = await bench.stages.committed({ stageId: submission.stageId, after: -1, limit: 1_000 });
        const rows = shards.flatMap(({ range }) => Array.from({ length: sizeOf(range) }, (_, n) => range.first + n));
        expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_600 }, (_, n) => n));
        expect([...crowd.winners.values()].map(({ size }) => size)).toEqual(shards.map(() => 1));
        expect((await bench.stages.get(submission.stageId)).counts.ok).toBe(1_600);
        expect(crowd.ended).toBeGreaterThan(0);
        expect(await deadlocks(bench)).toBe(before);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  it('should cancel work while its members renew, without waiting in a circle', async () => {
    const before = await deadlocks(bench);
    for (let round = 0; round < 5; round++) {
      await bench.reset();
      const ownerId = newId('run');
      for (let n = 0; n < 2; n++)
        await bench.stages.submit({ stageId: newId('stage'), ownerId, work: mapWork(400), resources: {}, weight: 1, followed: false });
      const members = [newMember(), newMember(), newMember()];
      for (const { id, instance } of members) await bench.join(id, instance);
      let cancelled = false;
      const renewals = members.map(async ({ id }) => {
        const { assignments: held } = await bench.claims.claim({ memberId: id, freeSlots: 120, lane: 'standard', saturated: [] });
        const tokens = held.map(({ token }) => token);
        expect((await bench.heartbeat(id, tokens)).lost).toEqual([]);
        const renewed = async (): Promise<void> => {
          while (!cancelled) await bench.heartbeat(id, tokens);
          expect((await bench.heartbeat(id, tokens)).lost.sort()).toEqual(tokens.sort());
        };
        return renewed;
      });
      const renewing = (await Promise.all(renewals)).map((renewed) => renewed());
      try {
        await bench.runs.control({ ownerId, version: 1, state: 'cancelled' });
      } finally {
        cancelled = true;
        await Promise.all(renewing);
      }
    }
    expect(await deadlocks(bench)).toBe(before);
  });
});

/** From wherever a run was left: no more faults, and all work that somebody still wants is done. */
const bringToEnd = async (model: LedgerModel, real: Real): Promise<void> => {
  for (const [memberId, { instance }] of model.members) {
    await real.bench.join(memberId, instance);
    model.members.set(memberId, { instance, state: 'running' });
  }
  if (model.members.size === 0) await join(model, real);
  for (const [ownerId, { version }] of model.owners) {
    await real.bench.runs.control({ ownerId, version: version + 1, state: 'active' });
    model.control(ownerId, version + 1, 'active');
  }
  for (let round = 0; model.stages.some(({ state }) => state === 'running'); round++) {
    if (round > 100) throw new Error('the stages come to no end');
    for (const attempt of model.attempts) if (model.isActive(attempt)) await commit(model, real, attempt, 'right');
    await divideSuspects(model, real);
    await claim(model, real, [...model.members.keys()][0] as string, MEMBER_SLOTS);
  }
  await real.watch.check(model);
  for (const { id, state, rows, shards } of model.stages) {
    const { shards: committed } = await real.bench.stages.committed({ stageId: id, after: -1, limit: 1_000 });
    expect(committed.map(({ shardId }) => shardId).sort()).toEqual(
      shards.flatMap(({ id: shardId, shard }) => (shard.state === 'committed' ? [shardId] : [])).sort(),
    );
    const covered = committed.reduce((sum, { range }) => sum + range.last - range.first + 1, 0);
    if (state === 'succeeded') expect(covered).toBe(rows);
  }
};

/** The stage's shards as so many of the same size: members are more than a plan of this size would make shards for. */
const cutInto = async ({ sql }: LedgerBench, stageId: string, shards: number): Promise<void> => {
  await sql.query(
    `WITH gone AS (DELETE FROM shards WHERE stage_id = $1),
       cut AS (UPDATE stages SET shards_open = $2 WHERE id = $1 RETURNING id, generation, place, subtasks / $2 AS size)
     INSERT INTO shards (id, stage_id, generation, place, "first", "last", state, origin_id)
     SELECT $1 || '_' || n, id, generation, place, n * size, (n + 1) * size - 1, 'open', $1 || '_' || n FROM cut, generate_series(0, $2 - 1) n`,
    [stageId, shards],
  );
};

/** How many circles of waiting Postgres had to break: none, for locks are taken in one order. */
const deadlocks = async ({ sql }: LedgerBench): Promise<string> =>
  (await sql.query<{ deadlocks: string }>('SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()')).rows[0]
    ?.deadlocks as string;
