import { isFinished } from '../ledger.js';
import { type Rules } from '../rules.js';
import { type MemberWorld } from './attempt.js';
import { Executor } from './executor.js';
import { JournalTwin } from './journal-twin.js';
import { LedgerTwin } from './ledger-twin.js';
import { Member } from './member.js';
import { Network } from './network.js';
import { type Random } from './random.js';
import { type Process, Schedule } from './schedule.js';
import { StoreTwin } from './store-twin.js';
import { Watch } from './watch.js';

export interface ClusterSize {
  readonly members: number;
  readonly shards: number;
  readonly rowsPerShard: number;
}

const RESTART_MS = { least: 300, most: 3_000 };

/** An executor and its members over the twins, and who starts them again. */
export class Cluster implements MemberWorld {
  readonly schedule = new Schedule();
  readonly network: Network;
  readonly journal = new JournalTwin();
  readonly store = new StoreTwin(() => this.#check());
  readonly ledger: LedgerTwin;
  readonly watch: Watch;
  /** Probability that nobody sees a member die. */
  unseen = 0;
  readonly #members: Member[] = [];
  readonly #executors: Executor[] = [];
  #boots = 0;
  #tokens = 0;

  /** `killer`: the row that kills, -1 for none. */
  constructor(
    readonly random: Random,
    readonly rules: Rules,
    readonly killer: number,
    { members, shards, rowsPerShard }: ClusterSize,
    private readonly trace: (line: () => string) => void,
  ) {
    this.network = new Network(this.schedule, random);
    this.watch = new Watch(shards * rowsPerShard, killer);
    this.ledger = new LedgerTwin(shards, rowsPerShard, this.schedule, rules, (_, before, after, effects) => {
      this.watch.changed(before, after, effects);
      this.#check();
    });
    this.startExecutor();
    for (let slot = 0; slot < members; slot++) this.#startMember(slot);
  }

  note(what: () => string): void {
    this.trace(() => `${(this.schedule.now / 1000).toFixed(3).padStart(9)} s  ${what()}`);
  }

  newToken(shard: number): string {
    return this.rules.has('token-per-claim') ? `t${++this.#tokens}` : `s${shard}`;
  }

  /** Any of those that are in the queue group, though all but the last are fenced. */
  executor(): Executor {
    return this.random.pick(this.#executors) ?? this.leader;
  }

  get leader(): Executor {
    return this.#executors.at(-1)!;
  }

  startExecutor(): void {
    this.#executors.push(new Executor(this));
  }

  living(): Member[] {
    return this.#members.filter(({ process }) => process.life === 'up');
  }

  /** Rows that the journal has lost. */
  lose(rows: readonly number[]): void {
    this.note(() => `the journal has lost ${rows.length} rows`);
    for (const row of new Set(rows)) this.watch.excuse(row);
  }

  control(control: 'active' | 'paused'): void {
    if (this.ledger.control === control) return;
    this.note(() => `the run is ${control}`);
    this.ledger.control = control;
    this.ledger.version++;
    this.ledger.shards.forEach((_, shard) => this.ledger.decide(shard, { kind: 'control', control }));
  }

  cancel(): void {
    this.note(() => 'the stage is cancelled');
    this.ledger.shards.forEach((_, shard) => this.ledger.decide(shard, { kind: 'stage_ended', stage: 'cancelled' }));
  }

  /** Vices end with their period. */
  calm(): void {
    const cutOff: Process[] = [...this.network.cutOff];
    this.network.heal();
    for (const process of cutOff) this.network.cutOff.add(process);
    this.unseen = 0;
  }

  heal(): void {
    this.calm();
    this.network.cutOff.clear();
    this.ledger.offset = 0;
    this.control('active');
    for (const old of this.#executors.splice(0, this.#executors.length - 1)) old.process.kill();
    this.leader.process.continue();
    for (const { process } of this.#members) process.continue();
  }

  /** What is not over yet, or still there though nobody needs it; null in the end. */
  remains(): string | null {
    const { shards } = this.ledger;
    const open = shards.findIndex(({ ledger }) => !isFinished(ledger));
    if (open >= 0) return `shard ${open} is open`;
    const busy = this.#members.find(({ idle }) => !idle);
    if (busy) return `${busy.id} is busy`;
    const [journal] = this.journal.origins();
    if (journal !== undefined) return `the journal of shard ${journal}`;
    const named = new Set(shards.map(({ ledger }) => ledger.part?.key));
    const part = this.store.list().find(({ key }) => !named.has(key));
    return part ? `part ${part.key}` : null;
  }

  #check(): void {
    this.watch.check({
      shards: this.ledger.shards,
      part: (named) => {
        const part = this.store.find(named);
        return part && { token: part.token, holds: (row) => part.answers.has(row) };
      },
    });
  }

  #startMember(slot: number): void {
    const member = new Member(this, { slot, boot: this.#boots++, ended: (dead, crashed, by) => this.#memberEnded(dead, crashed, by) });
    this.#members[slot] = member;
  }

  #memberEnded(member: Member, crashed: boolean, by: number | null): void {
    this.note(() => `${member.id} ends${by === null ? '' : ` of row ${by}`}`);
    if (by === null) this.watch.killed(member.id);
    if (!this.random.chance(this.unseen))
      this.schedule.after(this.random.between(50, 1_000), () => this.leader.memberDied(member.id, crashed));
    const { least, most } = RESTART_MS;
    this.schedule.after(this.random.between(least, most), () => this.#startMember(member.slot));
  }
}
