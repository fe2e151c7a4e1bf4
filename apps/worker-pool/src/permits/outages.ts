import { type EndpointHealth } from '@apwa/contracts';

/** Calls that end without an answer, one after the other, before the executor is asked whether the endpoint is down. */
const SUSPICIOUS = 4;
/** Outages that are remembered: a row asks about the times of its own tries. */
const KEPT = 20;

/**
 * What a member knows of the outages of an endpoint: when calls ended without an answer, and what the executor says of it. A failure
 * within an outage is none of its row's.
 */
export class Outages {
  #health: EndpointHealth = 'well';
  #streak = 0;
  #streakBegan = 0;
  #silentAt = -Infinity;
  #reached = false;
  /** When the last of the calls began that were answered. */
  #provenAt = -Infinity;
  #clearedAt = -Infinity;
  readonly #periods: { from: number; to: number }[] = [];
  /** Rows that have no try left and wait to hear whose fault the last failure was. */
  doubts = 0;

  get health(): EndpointHealth {
    return this.#health;
  }

  /** Whether the executor is to be asked: not twice about the same. */
  get suspects(): boolean {
    return this.#health === 'well' && (this.silence || this.doubts > 0);
  }

  /** Call after call ended without an answer. */
  get silence(): boolean {
    return this.#streak >= SUSPICIOUS;
  }

  /** A call was answered that began after the last one that was met with silence. */
  get answers(): boolean {
    return this.#provenAt > this.#silentAt;
  }

  /** Somebody was there at the address: an answer, or a refusal. */
  get reached(): boolean {
    return this.#reached;
  }

  /** Of a call that began at this time. One that had begun before others were met with silence says nothing about them. */
  answered(begunAt: number): void {
    this.#provenAt = Math.max(this.#provenAt, begunAt);
    if (begunAt >= this.#streakBegan) this.#streak = 0;
    this.#reached = true;
  }

  /** A call ended without an answer. `connected`: with a status, or after it had been sent. */
  silent(now: number, connected: boolean): void {
    if (this.#streak++ === 0) this.#streakBegan = now;
    this.#silentAt = now;
    this.#reached ||= connected;
  }

  /** The executor's word; `asked`: it is the reply to a suspicion. Whether anything has changed. */
  say(now: number, health: EndpointHealth, asked: boolean): boolean {
    const before = this.#health;
    this.#health = health;
    if (health === 'down' && before !== 'down') {
      this.#periods.push({ from: this.#streak > 0 ? this.#streakBegan : now, to: Infinity });
      if (this.#periods.length > KEPT) this.#periods.shift();
    }
    const last = this.#periods.at(-1);
    if (before === 'down' && health !== 'down' && last) last.to = now;
    if (health === 'well' && (before !== 'well' || asked)) this.#clear(now);
    return before !== health || asked;
  }

  /** Another executor: it knows nothing yet, and what it says clears nobody. */
  forget(now: number): void {
    const last = this.#periods.at(-1);
    if (last?.to === Infinity) last.to = now;
    if (this.#health === 'down') this.#streak = Math.max(this.#streak, SUSPICIOUS);
    this.#health = 'well';
  }

  /** Whether a failure at this time was the endpoint's. */
  excuses(at: number): boolean {
    return this.#periods.some(({ from, to }) => from <= at && at <= to);
  }

  /** Whose fault a failure at this time was; null while that is not known. */
  verdict(at: number): 'row' | 'outage' | null {
    if (this.excuses(at) || this.#health === 'exhausted') return 'outage';
    return this.#health === 'well' && Math.max(this.#provenAt, this.#clearedAt) > at ? 'row' : null;
  }

  #clear(now: number): void {
    this.#clearedAt = now;
    this.#streak = 0;
  }
}
