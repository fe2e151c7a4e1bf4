import { type ErrorPayload, type RunControl, type ShardRange, sizeOf, type StageState } from '@apwa/contracts';
import {
  activeOf,
  ALONE_ROWS,
  type ChildRange,
  decide,
  divide,
  type LedgerEffect,
  type LedgerEvent,
  type LedgerShard,
  newShard,
} from '@apwa/ledger-protocol';
import { nextOf, served, slotsFor } from '../../src/ledger/scheduling.js';
import { shareOf } from '../../src/ledger/share-of-work.js';
import { MEMBER_SLOTS } from './ledger-bench.js';

export interface ModelShard {
  readonly id: string;
  shard: LedgerShard;
  /** Another member may have it too. */
  copyWanted?: boolean;
}

export interface ModelStage {
  readonly id: string;
  readonly ownerId: string;
  readonly rows: number;
  state: StageState;
  fault: ErrorPayload | null;
  shards: ModelShard[];
}

export interface ModelOwner {
  control: RunControl['state'];
  version: number;
  weight: number;
  maxInFlight: number | null;
  virtualTime: number;
}

export interface ModelAttempt {
  readonly token: string;
  readonly stageId: string;
  readonly shardId: string;
  readonly member: string;
  readonly slots: number;
  readonly range: ShardRange;
}

export interface Turn {
  readonly stage: ModelStage;
  readonly shard: ModelShard;
  readonly slots: number;
  readonly alone: boolean;
}

const child = ({ generation, control }: LedgerShard, range: ChildRange, id: string): ModelShard => ({
  id,
  shard: { ...newShard(range, generation, range.suspicion), control },
});

/** What the ledger should hold: `decide` for its shards, and the pure rules of turns and slots. Nothing here knows of SQL. */
export class LedgerModel {
  readonly stages: ModelStage[] = [];
  readonly owners = new Map<string, ModelOwner>();
  readonly members = new Map<string, { instance: string; state: 'running' | 'stopped' | 'failed' }>();
  /** All that were ever made, in order. */
  readonly attempts: ModelAttempt[] = [];
  /** Tokens of leases that ran out, the oldest first. */
  readonly lapsed: string[] = [];
  /** Tokens whose parts are to be collected, and ended stages to be cleared. */
  readonly due = new Set<string>();
  poolTime = 0;

  /** An owner is made when it is first named. */
  owner(id: string): ModelOwner {
    const owner = this.owners.get(id) ?? { control: 'active', version: 0, weight: 1, maxInFlight: null, virtualTime: 0 };
    this.owners.set(id, owner);
    return owner;
  }

  submit(id: string, ownerId: string, rows: number, shards: readonly { id: string; range: ShardRange }[]): void {
    const { control } = this.owner(ownerId);
    const state = control === 'cancelled' ? 'cancelled' : rows === 0 ? 'succeeded' : 'running';
    const made = shards.map(({ id: shardId, range }) => ({ id: shardId, shard: { ...newShard(range), control } }));
    this.stages.push({ id, ownerId, rows, state, fault: null, shards: made });
  }

  /** What a claim is given now, by turns between owners and the order of stages and shards; null for nothing. */
  turn(freeSlots: number, member: string): Turn | null {
    const suspects = this.#waiting(true, member);
    const held = this.attempts.filter((one) => one.member === member && this.isActive(one));
    const claimant = { attempts: held.length, alone: held.some((one) => this.#isAlone(one)), freeSlots, slots: MEMBER_SLOTS };
    const share = shareOf(claimant, suspects.length > 0, this.#leastBusy() === member);
    if (share === 'nothing') return null;
    const alone = share === 'suspects';
    const waiting = alone ? suspects : this.#waiting(false, member);
    const next = nextOf(waiting, this.poolTime);
    const found = next && this.#free(next.ownerId, alone, member);
    if (!next || !found) return null;
    const size = sizeOf(found.shard.shard.range);
    const rows = alone ? Math.min(size, ALONE_ROWS) : size;
    const slots = slotsFor({ free: freeSlots, waiting: waiting.length, rows, limit: next.maxInFlight, inFlight: next.inFlight });
    return { ...found, slots, alone };
  }

  /** The turn was taken. */
  claimed({ stage, shard, slots, alone }: Turn, token: string, member: string): readonly LedgerEffect[] {
    const effects = this.assign(stage, shard, token, member, slots, { second: activeOf(shard.shard).length > 0, alone });
    const owner = this.owner(stage.ownerId);
    const after = served({ ownerId: stage.ownerId, ...owner }, this.poolTime, sizeOf(shard.shard.range));
    owner.virtualTime = after.virtualTime;
    this.poolTime = after.poolTime;
    return effects;
  }

  assign(
    stage: ModelStage,
    shard: ModelShard,
    token: string,
    member: string,
    slots: number,
    how: { second: boolean; alone: boolean },
  ): readonly LedgerEffect[] {
    const effects = this.apply(shard, { kind: 'claim', token, member, ...how });
    if (!effects.some(({ kind }) => kind === 'assigned')) return effects;
    shard.copyWanted = false;
    this.attempts.push({ token, stageId: stage.id, shardId: shard.id, member, slots, range: shard.shard.range });
    return effects;
  }

  /** An event at one shard, and what follows of it for its stage. */
  apply(target: ModelShard, event: LedgerEvent, childIds: readonly string[] = []): readonly LedgerEffect[] {
    const stage = this.stageOf(target.id);
    const { state, effects } = decide(target.shard, event);
    target.shard = state;
    for (const effect of effects) {
      if (effect.kind === 'schedule_collect') this.due.add(effect.token);
      if (effect.kind === 'create_children')
        stage.shards.push(...effect.ranges.map((range, n) => child(state, range, childIds[n] ?? 'none')));
    }
    if (stage.state === 'running' && stage.shards.every(({ shard }) => shard.state !== 'open')) this.endStage(stage, 'succeeded');
    return effects;
  }

  endStage(stage: ModelStage, state: Exclude<StageState, 'running'>, fault: ErrorPayload | null = null): void {
    if (stage.state !== 'running') return;
    Object.assign(stage, { state, fault });
    this.due.add(stage.id);
    for (const shard of stage.shards) {
      this.apply(shard, { kind: 'stage_ended', stage: state });
      // What a stage leaves is removed all at once.
      for (const { token } of shard.shard.attempts) this.due.delete(token);
    }
  }

  control(ownerId: string, version: number, state: RunControl['state']): void {
    const owner = this.owner(ownerId);
    if (version <= owner.version || owner.control === 'cancelled') return;
    Object.assign(owner, { version, control: state });
    for (const stage of this.stages.filter((one) => one.ownerId === ownerId)) {
      for (const shard of stage.shards) this.apply(shard, { kind: 'control', control: state });
      if (state === 'cancelled') this.endStage(stage, 'cancelled');
    }
  }

  /** Every attempt that the member holds ends. */
  memberDied(member: string, crashed: boolean): void {
    for (const { shards } of this.stages) for (const shard of shards) this.apply(shard, { kind: 'member_died', member, crashed });
  }

  /** Shards that are to be split for what members did at them, with what they are split into where no journal says anything. */
  toDivide(): { shard: ModelShard; ranges: readonly ChildRange[] }[] {
    return this.stages
      .filter(({ state }) => state === 'running')
      .flatMap(({ shards }) => shards)
      .filter(({ shard }) => shard.state === 'open' && shard.suspicion === 'divide' && activeOf(shard).length === 0)
      .map((shard) => {
        const { range } = shard.shard;
        const missing = Array.from({ length: sizeOf(range) }, (_, n) => range.first + n);
        return { shard, ranges: divide(range, missing) };
      });
  }

  stageOf(shardId: string): ModelStage {
    const stage = this.stages.find(({ shards }) => shards.some(({ id }) => id === shardId));
    if (!stage) throw new Error(`The model has no shard ${shardId}.`);
    return stage;
  }

  shard(shardId: string): ModelShard {
    return this.stageOf(shardId).shards.find(({ id }) => id === shardId) as ModelShard;
  }

  isActive({ token, shardId }: ModelAttempt): boolean {
    return activeOf(this.shard(shardId).shard).some((one) => one.token === token);
  }

  #isAlone({ token, shardId }: ModelAttempt): boolean {
    return this.shard(shardId).shard.attempts.some((one) => one.token === token && one.alone);
  }

  /** The member that holds least, unless one is at a suspect. */
  #leastBusy(): string | null {
    const active = this.attempts.filter((one) => this.isActive(one));
    if (active.some((one) => this.#isAlone(one) && this.members.get(one.member)?.state === 'running')) return null;
    const load = (id: string): number => active.reduce((sum, { member, slots }) => (member === id ? sum + slots : sum), 0);
    const running = [...this.members].flatMap(([id, { state }]) => (state === 'running' ? [id] : []));
    return running.sort((a, b) => load(a) - load(b) || (a < b ? -1 : 1))[0] ?? null;
  }

  #waiting(suspects: boolean, member: string) {
    return [...this.owners]
      .map(([ownerId, owner]) => ({ ownerId, ...owner, inFlight: this.#inFlight(ownerId) }))
      .filter(({ ownerId, control, maxInFlight, inFlight }) => {
        return control === 'active' && this.#free(ownerId, suspects, member) !== null && (maxInFlight === null || inFlight < maxInFlight);
      });
  }

  #inFlight(ownerId: string): number {
    const stages = new Set(this.stages.filter((stage) => stage.ownerId === ownerId).map(({ id }) => id));
    return this.attempts.reduce((sum, one) => (stages.has(one.stageId) && this.isActive(one) ? sum + one.slots : sum), 0);
  }

  /** The owner's oldest running stage with a shard that may be given, and the first of these; suspects, or all others. */
  #free(ownerId: string, suspects: boolean, member: string): { stage: ModelStage; shard: ModelShard } | null {
    const offered = suspects ? ['suspect'] : ['none', 'condemned'];
    for (const stage of this.stages) {
      if (stage.ownerId !== ownerId || stage.state !== 'running') continue;
      const free = stage.shards.filter(({ shard, copyWanted }) => {
        const [holder, ...others] = activeOf(shard);
        const given = !holder || (!suspects && copyWanted === true && others.length === 0 && holder.member !== member);
        return shard.state === 'open' && given && offered.includes(shard.suspicion);
      });
      const [shard] = free.sort(
        (a, b) => Number(a.copyWanted ?? false) - Number(b.copyWanted ?? false) || a.shard.range.first - b.shard.range.first,
      );
      if (shard) return { stage, shard };
    }
    return null;
  }
}
