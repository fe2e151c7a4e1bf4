import { type CommitAnswer, type Handling } from '@apwa/contracts';
import { activeOf, isFinished } from '../ledger.js';
import { type LedgerPart, type LedgerShard } from '../ledger-types.js';
import { type Rules } from '../rules.js';
import { divide } from '../suspicion.js';
import { type JournalTwin } from './journal-twin.js';
import { LEASE_MS, type LedgerTwin } from './ledger-twin.js';
import { type Random } from './random.js';
import { Process, type Schedule } from './schedule.js';
import { type StoreTwin } from './store-twin.js';

export interface Assigned {
  readonly token: string;
  readonly shard: number;
  readonly origin: number;
  readonly number: number;
  readonly handling: Handling;
  /** Beside another attempt. */
  readonly second: boolean;
  readonly first: number;
  readonly last: number;
  readonly incarnation: number;
}

export interface Beat {
  readonly lost: readonly string[];
  readonly incarnation: number;
  readonly paused: boolean;
  readonly version: number;
}

export interface ExecutorWorld {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly ledger: LedgerTwin;
  readonly journal: JournalTwin;
  readonly store: StoreTwin;
  readonly rules: Rules;
  /** Tokens are random in production; here they are counted. */
  newToken(shard: number): string;
  note(what: () => string): void;
}

const SWEEP_MS = 1_000;
const LEFTOVERS_MS = 3_000;
/** Leases revoked per round: a jump of the clock hands on no more. */
const TAKEOVERS = 10;
/** A round that comes so late tells that the process stood still: leases get one more term first. */
const STOOD_STILL_MS = 6_000;
const COPY_AFTER_MS = 20_000;
/** Share of claims for any shard, be it held, finished or a suspect. */
const STRAY = 0.05;
const UNREAD_PATIENCE_MS = 20_000;

/** The executor around `decide`: as in production, what is decided and when; all it writes is fenced by its epoch. */
export class Executor {
  readonly process: Process;
  readonly #epoch: number;
  #disturbedAt: number;
  #roundAt: number;
  #leftoversAt = 0;
  /** Since when the journals of a shard that is to be divided could not be read. */
  readonly #unread = new Map<number, number>();

  constructor(private readonly world: ExecutorWorld) {
    this.process = new Process(world.schedule);
    this.#epoch = ++world.ledger.epoch;
    this.#disturbedAt = this.#roundAt = world.schedule.now;
    this.#next();
  }

  /** `holding`: attempts that the member knows of. */
  claim(member: string, holding: number, reply: (assigned: Assigned | null) => void): void {
    this.#serve(() => {
      const { ledger } = this.world;
      // What a dead member had asked for may arrive after it was seen dead.
      const chosen = ledger.members.has(member) ? this.#choose(member, holding) : null;
      if (!chosen) return reply(null);
      const { shard, alone, second } = chosen;
      const effects = ledger.decide(shard, { kind: 'claim', token: this.world.newToken(shard), member, second, alone });
      const assigned = effects.find((effect) => effect.kind === 'assigned');
      if (!assigned) return reply(null);
      const { ledger: state, origin } = ledger.entry(shard);
      const { token, number, handling } = assigned;
      this.world.note(() => `${member} is given shard ${shard} as ${token}, ${handling}${second ? ', beside another' : ''}`);
      reply({ token, shard, origin, number, handling, second, ...state.range, incarnation: ledger.incarnation });
    });
  }

  heartbeat(member: string, held: readonly { token: string; shard: number }[], reply: (beat: Beat) => void): void {
    this.#serve(() => {
      const { ledger, schedule } = this.world;
      const row = ledger.members.get(member);
      if (row) row.seenAt = schedule.now;
      const lost = held.filter(
        ({ token, shard }) => !ledger.decide(shard, { kind: 'renew', token }).some(({ kind }) => kind === 'renewed'),
      );
      const { incarnation, control, version } = ledger;
      reply({ lost: lost.map(({ token }) => token), incarnation, paused: control === 'paused', version });
    });
  }

  /** The part is looked up before the transaction. */
  commit(shard: number, token: string, part: LedgerPart, reply: (answer: CommitAnswer) => void): void {
    this.#serve(() => {
      const found = this.world.store.find(part) !== undefined;
      this.#later(() => {
        const effects = this.world.ledger.decide(shard, { kind: 'commit', token, part, found });
        const answered = effects.find((effect) => effect.kind === 'commit_answer');
        if (!answered) throw new Error('a commit is always answered');
        this.world.note(() => `commit of ${token} at shard ${shard}: ${answered.answer}`);
        reply(answered.answer);
      });
    });
  }

  release(shard: number, token: string, reply: (done: true) => void): void {
    this.#serve(() => {
      this.world.note(() => `${token} gives shard ${shard} back`);
      this.world.ledger.decide(shard, { kind: 'release', token });
      reply(true);
    });
  }

  memberDied(member: string, crashed: boolean): void {
    this.#serve(() => {
      this.world.note(() => `${member} is seen dead`);
      this.world.ledger.members.delete(member);
      this.world.ledger.shards.forEach(({ ledger }, shard) => {
        if (activeOf(ledger).some((attempt) => attempt.member === member))
          this.world.ledger.decide(shard, { kind: 'member_died', member, crashed });
      });
    });
  }

  /** What an executor does once another has taken over has no effect, and its asker hears nothing. */
  #serve(action: () => void): void {
    this.process.run(() => {
      if (this.#epoch === this.world.ledger.epoch) action();
    });
  }

  #later(action: () => void): void {
    this.world.schedule.after(this.world.random.between(1, 30), () => this.#serve(action));
  }

  /** As production's share of work: suspects go to a member that holds nothing, by both words; the least busy one is emptied for them. */
  #choose(member: string, holding: number): { shard: number; alone: boolean; second: boolean } | null {
    const open = this.world.ledger.shards.flatMap(({ ledger }, shard) => (isFinished(ledger) ? [] : [{ ledger, shard }]));
    const held = new Map<string, number>();
    let someAlone = false;
    for (const attempt of open.flatMap(({ ledger }) => activeOf(ledger))) {
      held.set(attempt.member, (held.get(attempt.member) ?? 0) + 1);
      if (attempt.alone && attempt.member === member) return null;
      someAlone ||= attempt.alone;
    }
    const free = open.filter(({ ledger }) => activeOf(ledger).length === 0);
    const suspect = free.find(({ ledger }) => ledger.suspicion === 'suspect');
    if (suspect && !held.get(member) && holding === 0) return { shard: suspect.shard, alone: true, second: false };
    if (suspect && !someAlone && this.#leastBusy(held) === member) return null;
    // The ledger refuses what may not be claimed, whatever it is asked.
    if (this.world.random.chance(STRAY))
      return { shard: this.world.random.below(this.world.ledger.shards.length), alone: false, second: false };
    const ordinary = free.find(({ ledger }) => ledger.suspicion === 'none' || ledger.suspicion === 'condemned');
    if (ordinary) return { shard: ordinary.shard, alone: false, second: false };
    const late = open.find(({ ledger }) => this.#lags(ledger, member));
    return late ? { shard: late.shard, alone: false, second: true } : null;
  }

  #leastBusy(held: ReadonlyMap<string, number>): string | undefined {
    const { ledger, schedule } = this.world;
    const living = [...ledger.members.values()].filter(({ seenAt }) => schedule.now - seenAt < LEASE_MS);
    return living.sort((a, b) => (held.get(a.id) ?? 0) - (held.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1))[0]?.id;
  }

  #lags(shard: LedgerShard, member: string): boolean {
    const [first, ...others] = activeOf(shard);
    if (!first || others.length > 0 || first.member === member || shard.suspicion !== 'none') return false;
    return this.world.schedule.now - (this.world.ledger.lease(first.token)?.since ?? 0) > COPY_AFTER_MS;
  }

  #next(): void {
    this.process.after(SWEEP_MS, () => {
      if (this.#epoch !== this.world.ledger.epoch) return;
      this.#sweep();
      this.#next();
    });
  }

  #sweep(): void {
    const { schedule, journal, ledger } = this.world;
    const { now } = schedule;
    if (now - this.#roundAt > STOOD_STILL_MS) this.#disturbedAt = now;
    this.#roundAt = now;
    if (journal.incarnation === 0) {
      this.world.note(() => 'the journal is created anew');
      journal.create(++ledger.incarnation);
    }
    if (now - this.#disturbedAt >= LEASE_MS) this.#expire();
    ledger.shards.forEach(({ ledger: { state, suspicion } }, shard) => {
      if (state === 'open' && suspicion === 'divide') this.#divide(shard);
    });
    if (now - this.#leftoversAt < LEFTOVERS_MS) return;
    this.#leftoversAt = now;
    this.#collect();
    this.#purge();
  }

  #expire(): void {
    const { ledger } = this.world;
    let left = TAKEOVERS;
    ledger.shards.forEach((entry, shard) => {
      for (const { token, member } of activeOf(entry.ledger)) {
        const ranOut = (ledger.lease(token)?.until ?? 0) < ledger.clock;
        if (!ranOut || left-- <= 0) continue;
        // It may be renewed meanwhile.
        this.#later(() => {
          const effects = ledger.decide(shard, { kind: 'expire', token, crashed: this.#replaced(member) });
          if (effects.length > 0) this.world.note(() => `the lease of ${token} at shard ${shard} has run out`);
        });
      }
    });
  }

  /** Another process has taken the member's place. */
  #replaced(member: string): boolean {
    const { members } = this.world.ledger;
    const row = members.get(member);
    return row !== undefined && [...members.values()].some(({ slot, joinedAt }) => slot === row.slot && joinedAt > row.joinedAt);
  }

  #divide(shard: number): void {
    const { ledger, journal, rules, schedule } = this.world;
    const { ledger: state, origin } = ledger.entry(shard);
    const answers = journal.read(ledger.incarnation, origin);
    if (!this.#unread.has(shard)) this.#unread.set(shard, schedule.now);
    if (!answers && schedule.now - (this.#unread.get(shard) ?? 0) < UNREAD_PATIENCE_MS) return;
    const rows = Array.from({ length: state.range.last - state.range.first + 1 }, (_, i) => state.range.first + i);
    const ranges = divide(state.range, answers && rows.filter((row) => !answers.has(row)), rules);
    const effects = ledger.decide(shard, { kind: 'split', ranges });
    if (effects.some(({ kind }) => kind === 'create_children')) this.world.note(() => `shard ${shard} is divided into ${ranges.length}`);
  }

  #collect(): void {
    const { ledger, store } = this.world;
    for (const token of new Set(store.list().map((part) => part.token))) {
      const shard = ledger.shardOf(token);
      const effects = shard === undefined ? [] : ledger.decide(shard, { kind: 'collect_due', token });
      const deletion = effects.find((effect) => effect.kind === 'delete_parts');
      if (!deletion) continue;
      this.#later(() => {
        for (const part of store.list()) if (part.token === token && part.key !== deletion.keep) store.delete(part.key);
      });
    }
  }

  #purge(): void {
    const { ledger, journal } = this.world;
    for (const origin of journal.origins()) {
      const family = ledger.shards.flatMap((entry, shard) => (entry.origin === origin ? [shard] : []));
      const openRelatives = family.filter((shard) => shard !== origin && ledger.entry(shard).ledger.state === 'open').length;
      const effects = ledger.decide(origin, { kind: 'purge_due', openRelatives });
      if (!effects.some(({ kind }) => kind === 'purge_journal')) continue;
      this.#later(() => {
        journal.purge(origin);
        ledger.decide(origin, { kind: 'journal_purged' });
      });
    }
  }
}
