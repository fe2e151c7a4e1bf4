import { nextOf, served } from '../ledger/scheduling.js';
import { apportion } from './apportion.js';

/** What a run wants in one member, and what was put aside for it until it asks again. */
export interface Claim {
  /** The member. */
  readonly ownerId: string;
  readonly weight: 1;
  virtualTime: number;
  /** Calls that nothing was given for yet. */
  calls: number;
  tokens: number;
  /** Tokens of the first of them. */
  next: number;
  given: { calls: number; tokens: number };
  inFlight: number;
  /** Calls that could begin before the member asks again. */
  toBegin: number;
  /** Calls that the member may have under way, as it was told last. */
  room: number;
  /** Whether the member may be given anything now. */
  open: boolean;
}

/** A run's turns among the runs, and its members' turns within it. */
export interface RunTurns {
  readonly ownerId: string;
  weight: number;
  virtualTime: number;
  clock: number;
  readonly claims: Map<string, Claim>;
}

/** Permits are given a few at a time where there are many, so that a turn costs little and none of them is long. */
const TURNS = 16;

const wants = (claim: Claim): boolean => claim.open && claim.calls > 0;

/** What there is to give, and what a call is worth: whoever takes much of what is scarce has had a long turn. */
export interface Supply {
  /** Calls; Infinity if they are not counted. */
  calls: number;
  tokens: number;
  /** The most tokens that can ever be there: a larger call goes when they all are. */
  mostTokens: number;
  cost(calls: number, tokens: number): number;
}

/**
 * Who wants calls and whose turn it is: runs by weight, the members of a run alike, each by start-time fair queuing, so that nobody
 * has credit for a time in which it wanted nothing. Whose turn it is goes first: a call that needs more tokens than are there
 * makes the others wait, and not the other way round for ever.
 */
export class Turns {
  readonly #runs = new Map<string, RunTurns>();
  #clock = 0;

  get runs(): readonly RunTurns[] {
    return [...this.#runs.values()];
  }

  /** The claim of a run in a member, made if it is not there. */
  claim(ownerId: string, member: string, weight: number): Claim {
    const run = this.#runs.get(ownerId) ?? { ownerId, weight, virtualTime: 0, clock: 0, claims: new Map<string, Claim>() };
    run.weight = weight;
    this.#runs.set(ownerId, run);
    const known = run.claims.get(member);
    if (known) return known;
    const given = { calls: 0, tokens: 0 };
    const claim: Claim = {
      ownerId: member,
      weight: 1,
      virtualTime: 0,
      calls: 0,
      tokens: 0,
      next: 0,
      given,
      inFlight: 0,
      toBegin: 0,
      room: 0,
      open: true,
    };
    run.claims.set(member, claim);
    return claim;
  }

  /** Ends the claims of a member, but for these runs; what was put aside for them comes back. */
  drop(member: string, but: ReadonlySet<string>): { calls: number; tokens: number } {
    const back = { calls: 0, tokens: 0 };
    for (const run of this.#runs.values()) {
      const claim = but.has(run.ownerId) ? undefined : run.claims.get(member);
      if (!claim) continue;
      back.calls += claim.given.calls;
      back.tokens += claim.given.tokens;
      run.claims.delete(member);
      if (run.claims.size === 0) this.#runs.delete(run.ownerId);
    }
    return back;
  }

  /** The largest call that somebody waits for, in tokens; 0 if nobody waits. */
  largest(): number {
    return this.#largest((claim) => claim.next);
  }

  get wanted(): boolean {
    return this.#largest((claim) => claim.calls) > 0;
  }

  /** Gives what there is to whose turn it is, until it or the wishes are used up; what is left stays in `supply`. */
  give(supply: Supply): void {
    for (;;) {
      const waiting = [...this.#runs.values()].filter((run) => [...run.claims.values()].some(wants));
      const run = nextOf(waiting, this.#clock);
      const claim = run && nextOf([...run.claims.values()].filter(wants), run.clock);
      if (!run || !claim) return;
      const few = supply.calls + 1e-6 < 1 || supply.tokens + 1e-6 < Math.min(claim.next, supply.mostTokens);
      if (few) return;
      const taken = this.#take(claim, supply);
      const cost = supply.cost(taken.calls, taken.tokens);
      const inRun = served(claim, run.clock, cost);
      claim.virtualTime = inRun.virtualTime;
      run.clock = inRun.poolTime;
      const among = served(run, this.#clock, cost);
      run.virtualTime = among.virtualTime;
      this.#clock = among.poolTime;
    }
  }

  /** Calls that this member may have under way for each of its runs, of `limit` in all. */
  rooms(member: string, limit: number, turn: number): Map<string, number> {
    const runs = this.runs;
    const demandOf = ({ inFlight, toBegin, open }: Claim) => inFlight + (open ? toBegin : 0);
    const demands = runs.map(({ weight, claims }) => ({
      weight,
      demand: [...claims.values()].reduce((sum, one) => sum + demandOf(one), 0),
    }));
    const shares = apportion(limit, demands, turn);
    const rooms = new Map<string, number>();
    for (const [index, run] of runs.entries()) {
      const own = run.claims.get(member);
      if (!own) continue;
      const claims = [...run.claims.values()];
      const parts = apportion(
        shares[index] as number,
        claims.map((one) => ({ weight: 1, demand: demandOf(one) })),
        turn,
      );
      // What others were told, or have under way still, is theirs until they say that it is less.
      own.room = 0;
      const taken = runs.reduce((sum, { claims: all }) => sum + [...all.values()].reduce((of, one) => of + occupied(one, own), 0), 0);
      own.room = Math.max(0, Math.min(parts[claims.indexOf(own)] as number, limit - taken));
      rooms.set(run.ownerId, own.room);
    }
    return rooms;
  }

  #largest(of: (claim: Claim) => number): number {
    let most = 0;
    for (const { claims } of this.#runs.values()) for (const claim of claims.values()) if (wants(claim)) most = Math.max(most, of(claim));
    return most;
  }

  #take(claim: Claim, supply: Supply): { calls: number; tokens: number } {
    const first = Math.max(0, claim.next);
    const rest = claim.calls > 1 ? Math.max(0, claim.tokens - first) / (claim.calls - 1) : 0;
    const spare = (left: number, each: number) => (each > 0 ? left / TURNS / each : Infinity);
    const more = Math.min(claim.calls - 1, spare(supply.calls - 1, 1), spare(supply.tokens - first, rest));
    const calls = 1 + Math.max(0, Math.floor(more));
    const tokens = first + (calls - 1) * rest;
    supply.calls -= calls;
    supply.tokens -= tokens;
    claim.calls -= calls;
    claim.tokens = Math.max(0, claim.tokens - tokens);
    claim.next = claim.calls > 0 ? rest : 0;
    claim.given.calls += calls;
    claim.given.tokens += tokens;
    return { calls, tokens };
  }
}

const occupied = (one: Claim, own: Claim): number => (one === own ? 0 : Math.max(one.room, one.inFlight));
