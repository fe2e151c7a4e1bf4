import { LEDGER_INVARIANTS, type LedgerView } from '../exploration/invariants.js';
import { type LedgerEffect, type LedgerShard } from '../ledger-types.js';
import { type RowBook } from '../row-book.js';
import { CONDEMN_AFTER } from '../suspicion.js';

export class BrokenInvariant extends Error {}

/** An attempt as its member holds it, or held it when it ended. */
export interface Holding {
  readonly token: string;
  readonly first: number;
  readonly last: number;
  readonly book: RowBook;
  /** Rows that the journal held when this attempt read it. */
  readonly known: ReadonlySet<number>;
}

export const TERMINAL = 'a terminal state never changes';
export const NOT_WASTED = 'no attempt calls a row that the journal held when it read it';
export const ON_LEASE = 'no call is begun on a lease that ran out';
const NOT_HELD = 'no call is begun in a member that was told of a pause, or to end';
const RUN_OUT = 'no lease expires that still runs';
export const EXCUSED = 'a row is called again only if a fault or a second attempt met it in flight or not journaled';
export const ONLY_KILLERS = 'nothing is condemned but the row that kills, and what others killed twice while it was alone';

/**
 * Holds a simulation against what must be true at every step of it. A row may be called once, and once more for each time that something
 * met it in flight or not safely journaled: those are counted as they happen, row by row.
 */
export class Watch {
  readonly calls: number[];
  #called = 0;
  readonly #excuses: number[];
  readonly #holdings = new Map<string, Holding>();
  /** Members that no row killed. */
  readonly #innocent = new Set<string>();

  constructor(
    rows: number,
    private readonly killer: number,
  ) {
    this.calls = Array.from({ length: rows }, () => 0);
    this.#excuses = Array.from({ length: rows }, () => 0);
  }

  holds(holding: Holding): void {
    this.#holdings.set(holding.token, holding);
  }

  /**
   * The number of the call. `until`: the end of the lease that the ledger gave last, however its clock may jump. `active`: by the ledger's
   * word; who has not heard yet that it lost the shard may go on until then. `held`: its member may begin nothing.
   */
  called(holding: Holding, row: number, now: number, { until, active, held }: { until: number; active: boolean; held: boolean }): number {
    const calls = ++this.calls[row]!;
    this.#require(!holding.known.has(row), NOT_WASTED, () => `${holding.token} calls row ${row}`);
    this.#require(now < until, ON_LEASE, () => `${holding.token} calls row ${row} ${Math.round(now - until)} ms late`);
    this.#require(!held, NOT_HELD, () => `${holding.token} calls row ${row}`);
    if (!active) this.excuse(row);
    this.#require(calls <= 1 + this.#excuses[row]!, EXCUSED, () => `call ${calls} of row ${row}, by ${holding.token}`);
    return ++this.#called;
  }

  /** The row may be called once more. */
  excuse(row: number): void {
    this.#excuses[row]!++;
  }

  /** A member died of something else than the row that kills. */
  killed(member: string): void {
    this.#innocent.add(member);
  }

  changed(before: LedgerShard, after: LedgerShard, effects: readonly LedgerEffect[]): void {
    const terminal =
      before.state === 'open' || (before.state === after.state && before.winner === after.winner && before.part === after.part);
    this.#require(terminal && (before.stage === 'running' || before.stage === after.stage), TERMINAL, () => JSON.stringify(after));
    for (const effect of effects) {
      if (effect.kind === 'revoked') {
        const leased = before.attempts.some(({ token, leased: runs }) => token === effect.token && runs);
        this.#require(effect.reason !== 'expired' || !leased, RUN_OUT, () => effect.token);
        this.#revoked(effect.token);
      }
      if (effect.kind === 'suspected' && effect.suspicion === 'condemned') this.#condemned(after.range.first, after.range.last, after);
      if (effect.kind === 'create_children')
        for (const { first, last, suspicion } of effect.ranges) if (suspicion === 'condemned') this.#condemned(first, last, null);
    }
  }

  check(view: LedgerView): void {
    for (const [name, holds] of Object.entries(LEDGER_INVARIANTS)) this.#require(holds(view), name, () => '');
  }

  /** Each row is in one committed shard, and was called unless it was condemned. */
  complete(shards: readonly { readonly ledger: LedgerShard }[]): void {
    const committed = this.calls.map(() => 0);
    for (const { ledger } of shards)
      if (ledger.state === 'committed')
        for (let row = ledger.range.first; row <= ledger.range.last; row++) {
          committed[row]!++;
          this.#require(ledger.suspicion === 'condemned' || this.calls[row]! > 0, 'what is committed was called', () => `row ${row}`);
        }
    this.#require(!committed.some((times) => times !== 1), 'in the end every row is committed exactly once', () => committed.join(''));
  }

  #revoked(token: string): void {
    const holding = this.#holdings.get(token);
    if (!holding) return;
    const { book, first, last } = holding;
    for (let row = first; row <= last; row++) if (book.inFlight(row) || (book.answered(row) && !book.said(row))) this.excuse(row);
  }

  #condemned(first: number, last: number, shard: LedgerShard | null): void {
    const unlucky = shard?.attempts.filter(({ ended, alone, member }) => ended === 'crashed' && alone && this.#innocent.has(member)) ?? [];
    const right = first === last && (first === this.killer || unlucky.length >= CONDEMN_AFTER);
    this.#require(right, ONLY_KILLERS, () => `rows ${first} to ${last}`);
  }

  #require(holds: boolean, invariant: string, where: () => string): void {
    if (holds) return;
    const place = where();
    throw new BrokenInvariant(place ? `${invariant}: ${place}` : invariant);
  }
}
