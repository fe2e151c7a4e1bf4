import { addCounts, noCounts } from '@apwa/contracts';
import { expect } from '@jest/globals';
import { type AttemptRow, countsOf, entryOf, type LedgerEntry, type ShardRow, type StageRow } from '../../src/ledger/ledger-entry.js';
import { type LedgerBench } from './ledger-bench.js';
import { type LedgerModel } from './ledger-model.js';

type StageView = StageRow & { version: number; shardsCommitted: number; fault: string | null; ended: boolean };

interface Snapshot {
  stages: StageView[];
  shards: (ShardRow & { attempts: number })[];
  attempts: AttemptRow[];
  owners: { ownerId: string; control: string; version: number; virtualTime: number }[];
  /** What is to be swept for the first time, and is looked at: tokens and stages. */
  due: string[];
}

const SNAPSHOT = `SELECT json_build_object(
  'stages', (SELECT COALESCE(json_agg(json_build_object('id', s.id, 'ownerId', s.owner_id, 'pool', s.pool, 'lane', s.lane, 'state', s.state,
    'generation', s.generation, 'place', s.place, 'shardsOpen', s.shards_open, 'shardsCommitted', s.shards_committed, 'counts', s.counts,
    'control', r.control, 'version', s.version, 'fault', s.fault, 'ended', s.ended_at IS NOT NULL)), '[]')
    FROM stages s JOIN runs r USING (owner_id)),
  'shards', (SELECT COALESCE(json_agg(json_build_object('id', id, 'stageId', stage_id, 'generation', generation, 'place', place, 'first', "first",
    'last', "last", 'state', state, 'originId', origin_id, 'winner', winner, 'content', content, 'purged', purged, 'suspicion', suspicion, 'attempts', attempts)), '[]')
    FROM shards),
  'attempts', (SELECT COALESCE(json_agg(json_build_object('token', token, 'shardId', shard_id, 'memberId', member_id, 'number', number,
    'state', state, 'leased', leased_until >= clock_timestamp(), 'ended', ended, 'alone', alone) ORDER BY number), '[]') FROM attempts),
  'owners', (SELECT COALESCE(json_agg(json_build_object('ownerId', owner_id, 'control', control, 'version', control_version,
    'virtualTime', virtual_time)), '[]') FROM runs),
  'due', (SELECT COALESCE(json_agg(COALESCE(token, stage_id)), '[]') FROM sweeps WHERE round = 0 AND kind <> 'purge_shard')
) AS snapshot`;

const snapshotOf = async ({ sql }: LedgerBench): Promise<Snapshot> =>
  (await sql.query<{ snapshot: Snapshot }>(SNAPSHOT)).rows[0]?.snapshot as Snapshot;

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** Whether the ledger's rows say what the model says, and keep what must hold whatever the model says. */
export class LedgerWatch {
  #before: Snapshot | null = null;

  constructor(private readonly bench: LedgerBench) {}

  async check(model: LedgerModel): Promise<void> {
    const now = await snapshotOf(this.bench);
    const entries = entriesOf(now);
    const purged = new Map(now.shards.map(({ id, purged: is }) => [id, is]));
    expect(entries.map(({ row, shard }) => ({ id: row.id, shard })).sort(byId)).toEqual(
      // When a journal is purged is the sweeper's matter.
      model.stages.flatMap(({ shards }) => shards.map(({ id, shard }) => ({ id, shard: { ...shard, purged: purged.get(id) } }))).sort(byId),
    );
    expect(now.stages.map(({ id, state, fault }) => ({ id, state, fault: fault && (JSON.parse(fault) as unknown) })).sort(byId)).toEqual(
      model.stages.map(({ id, state, fault }) => ({ id, state, fault })).sort(byId),
    );
    expect(Object.fromEntries(now.owners.map(({ ownerId, ...owner }) => [ownerId, owner]))).toEqual(
      Object.fromEntries([...model.owners].map(([id, { control, version, virtualTime }]) => [id, { control, version, virtualTime }])),
    );
    expect(now.due.sort()).toEqual([...model.due].sort());
    checkCounters(now, entries);
    if (this.#before) checkStep(this.#before, now);
    this.#before = now;
  }
}

const entriesOf = ({ stages, shards, attempts }: Snapshot): LedgerEntry[] =>
  shards.map((row) =>
    entryOf(
      stages.find(({ id }) => id === row.stageId) as StageView,
      row,
      attempts.filter(({ shardId }) => shardId === row.id),
    ),
  );

/** What stands twice in the ledger stands there the same; committed ranges are disjoint, and all of them when the stage is done. */
const checkCounters = ({ stages }: Snapshot, entries: readonly LedgerEntry[]): void => {
  for (const stage of stages) {
    const own = entries.filter((entry) => entry.stage.id === stage.id);
    const committed = own.filter(({ row }) => row.state === 'committed').sort((a, b) => a.row.first - b.row.first);
    expect(stage).toMatchObject({
      shardsOpen: own.filter(({ row }) => row.state === 'open').length,
      shardsCommitted: committed.length,
      ended: stage.state !== 'running',
    });
    expect(countsOf(stage)).toEqual(committed.reduce((sum, { content }) => addCounts(sum, content?.counts ?? noCounts()), noCounts()));
    for (const { row, shard } of own) {
      expect((row as Snapshot['shards'][number]).attempts).toBe(shard.attempts.length);
      expect(shard.attempts.filter(({ state }) => state === 'won').map(({ token }) => token)).toEqual(row.winner ? [row.winner] : []);
    }
    committed.reduce((end, { row }) => {
      expect(row.first).toBeGreaterThan(end);
      return row.last;
    }, -1);
  }
};

/** Terminal states stay, and a stage's version tells each change that a reader of the stage can see. */
const checkStep = (before: Snapshot, now: Snapshot): void => {
  const after = <T extends object>(list: readonly T[], key: keyof T, value: unknown): T | undefined =>
    list.find((one) => one[key] === value);
  for (const shard of before.shards.filter(({ state }) => state !== 'open'))
    expect(after(now.shards, 'id', shard.id)).toEqual({ ...shard, purged: expect.any(Boolean) });
  for (const attempt of before.attempts.filter(({ state }) => state !== 'active'))
    expect(after(now.attempts, 'token', attempt.token)).toEqual(attempt);
  for (const stage of before.stages) {
    const later = after(now.stages, 'id', stage.id) as StageView;
    const { version, control: _, ...seen } = stage;
    const { version: laterVersion, control: __, ...laterSeen } = later;
    if (stage.state !== 'running') expect(laterSeen).toEqual(seen);
    if (JSON.stringify(seen) === JSON.stringify(laterSeen)) expect(laterVersion).toBeGreaterThanOrEqual(version);
    else expect(laterVersion).toBeGreaterThan(version);
  }
};
