import { type Assignment, executorOperations as operations, journalStream, type MapWork, newId, noAmounts } from '@apwa/contracts';
import { eventually, type FaultPlan } from '@apwa/test-kit';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect } from '@jest/globals';
import { keysOf } from '../../../src/ledger/ledger-entry.js';
import { mapWork, type World } from '../world.js';
import { Errands } from './errands.js';
import { type Deed, FaultyMember } from './faulty-members.js';
import { type FaultyExecutor } from './faulty-executor.js';
import { Patience, pause } from './patience.js';

const ROWS = 16;
const MEMBERS = 3;
/** Deeds with the first shards; all others are committed. */
const DEEDS: readonly Deed[] = ['abandon', 'die', 'release', 'commit_twice'];
/** Members die at the same shard, until it runs alone and is split, but no more often than this: not every death is noted. */
const DEATHS = 4;
/** Between two looks of who watches. Milliseconds. */
const WATCH_MS = 30;
/** Milliseconds for all of it. */
const PATIENCE_MS = 20_000;

/** Works through two stages, one of which follows the other, and through a few more that come to no good end. */
export class FaultRun {
  readonly #patience = new Patience(PATIENCE_MS);
  readonly #errands: Errands;
  readonly #stages: string[] = [];
  readonly #members: FaultyMember[] = [];
  readonly #deeds: Deed[] = [...DEEDS];
  #deadly: string | null = null;
  #deaths = 0;
  #over = false;

  constructor(
    private readonly world: World,
    private readonly executor: FaultyExecutor,
  ) {
    this.#errands = new Errands(world, this.#patience);
  }

  /** Codes of the errors that askers heard. */
  get heard(): ReadonlyMap<string, number> {
    return this.#patience.heard;
  }

  /** `awaited`: methods that are to fail before the faults end, where each fails once. */
  async under(plan: FaultPlan, awaited: readonly string[]): Promise<void> {
    await this.executor.under(plan, async () => {
      // A share of few calls may be none of them.
      do await Promise.all([this.#work(), this.#errands.run()]);
      while (this.executor.faults.struck.length === 0 && !this.#patience.over);
      if (plan.how === 'once') await this.#allStruck(awaited);
    });
  }

  /** The sweeper calls some of them, when it is their turn. */
  async #allStruck(awaited: readonly string[]): Promise<void> {
    const { faults } = this.executor;
    const missing = (): string[] => awaited.filter((method) => !faults.struck.includes(method));
    await eventually(() => missing().length === 0).catch(() => undefined);
    expect(missing()).toEqual([]);
  }

  /** Nothing is held, left over or counted twice. */
  async check(): Promise<void> {
    const { world } = this;
    await eventually(async () => (await world.sql('SELECT 1 FROM sweeps LIMIT 1')).length === 0, { what: 'all sweeps are done' });
    for (const stageId of this.#stages) await this.#checkStage(stageId);
    for (const [id, state] of this.#errands.ends)
      expect(await world.sql('SELECT state FROM stages WHERE id = $1', [id])).toEqual([{ state }]);
    expect(await world.sql(`SELECT token FROM attempts WHERE state = 'active'`)).toEqual([]);
    const contents = await world.sql<{ content: string }>(`SELECT content FROM shards WHERE state = 'committed'`);
    expect(await this.#stored()).toEqual(contents.flatMap(({ content }) => keysOf(JSON.parse(content) as never)).sort());
    await eventually(async () => (await this.#journaled()) === 0, { what: 'the journal is empty' });
    const overdrawn = `SELECT b.owner_id FROM budgets b JOIN budget_leases l USING (owner_id) GROUP BY b.owner_id, b.usd HAVING sum(l.holds_usd) > b.usd`;
    expect(await world.sql(overdrawn)).toEqual([]);
    await eventually(async () => (await world.sql('SELECT 1 FROM budget_leases WHERE NOT settled')).length === 0, {
      what: 'all leases of money are settled',
    });
  }

  async #work(): Promise<void> {
    this.#over = false;
    const [ownerId, first, second] = [newId('run'), newId('stage'), newId('stage')];
    const budget = { version: 1, usd: 1_000, tokens: null, rows: null, planning: noAmounts() };
    const submit = (stageId: string, work: MapWork) =>
      this.#patience.ask(() => this.world.submit(ROWS, { stageId, ownerId, work, budget, followed: true }));
    await submit(first, mapWork(ROWS));
    const { input, ...work } = mapWork(ROWS);
    await submit(second, {
      ...work,
      input: { stageId: first, tableId: newId('table'), rows: ROWS, columns: [], ownColumns: [], base: input },
    });
    this.#stages.push(first, second);
    const died = (instance: string) => this.executor.died(instance);
    const crowd = { world: this.world, patience: this.#patience, died, deed: (one: Assignment) => this.#deed(one), over: () => this.#over };
    for (let n = 0; n < MEMBERS; n++) this.#members.push(new FaultyMember(crowd));
    await Promise.all([...this.#members.map((member) => member.work()), this.#watch(second)]);
  }

  async #watch(stageId: string): Promise<void> {
    try {
      // As who watches the run does.
      while ((await this.#patience.ask(() => this.world.stage(stageId))).state !== 'succeeded') {
        await this.#patience.ask(() => this.world.messaging.request(operations.listPools, {}));
        if (this.#patience.over) throw new Error(`stage ${stageId} does not succeed`);
        await pause(WATCH_MS);
      }
    } finally {
      this.#over = true;
    }
  }

  #deed({ shardId, handling }: Assignment): Deed {
    if (shardId === this.#deadly && this.#deaths < DEATHS) {
      this.#deaths = handling === 'alone' ? DEATHS : this.#deaths + 1;
      return 'die';
    }
    const deed = (handling === 'ordinary' && this.#deeds.shift()) || 'commit';
    if (deed === 'die') this.#deadly = shardId;
    return deed;
  }

  async #checkStage(stageId: string): Promise<void> {
    const shards = await this.world.sql<{ id: string; first: number; last: number; winner: string; won: string[] }>(
      `SELECT id, "first", "last", winner, ARRAY(SELECT token FROM attempts a WHERE a.shard_id = h.id AND a.state = 'won') AS won
       FROM shards h WHERE stage_id = $1 AND state <> 'retired' ORDER BY "first"`,
      [stageId],
    );
    const end = shards.reduce((next, { first, last, winner, won }) => {
      expect({ first, won }).toEqual({ first: next, won: [winner] });
      return last + 1;
    }, 0);
    expect(end).toBe(ROWS);
    expect(await this.world.stage(stageId)).toMatchObject({ state: 'succeeded', counts: { ok: ROWS }, shards: { open: 0, active: 0 } });
    for (const { shardId, token } of this.#members.flatMap(({ won }) => won).filter((one) => one.stageId === stageId))
      expect({ shardId, token }).toEqual({ shardId, token: shards.find(({ id }) => id === shardId)?.winner });
  }

  async #stored(): Promise<string[]> {
    const keys: string[] = [];
    for (const prefix of ['parts/', 'journal/']) for await (const { key } of this.world.storage.list(prefix)) keys.push(key);
    return keys.sort();
  }

  async #journaled(): Promise<number> {
    const manager = await jetstreamManager(this.world.messaging.connection);
    return (await manager.streams.info(journalStream(1))).state.messages;
  }
}
