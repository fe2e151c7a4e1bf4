import { type ModelConfig } from '@apwa/config';
import { type AccountPlace, type ToldLimits } from '@apwa/contracts';
import { Waiters } from '../rows/waiters.js';
import { type CallOutcome, EndpointGate, type Pass, type Waiting } from './endpoint-gate.js';

/** A call that wants to begin. */
export interface Need {
  readonly ownerId: string;
  /** By estimate. */
  readonly tokens: number;
  /** Failures of the row so far: a further try goes to the next endpoint of the group first. */
  readonly failures: number;
}

interface Waiter {
  readonly need: Need;
  readonly resolve: (pass: Pass | null) => void;
}

/** Turns of a timer that is due at once. Milliseconds. */
const SHORTEST_MS = 1;

/** How an endpoint of a group is chosen. */
export interface EndpointGroup {
  readonly strategy: ModelConfig['strategy'];
  /** Of the endpoints, in their order. */
  readonly weights: readonly number[];
}

export interface CallGateOptions {
  /** Called when the executor may have to be asked; `urgent`: at once. */
  asks?: (urgent: boolean) => void;
  now?: () => number;
  /** Draws the endpoint of a weighted group: 0 ≤ n < 1. */
  random?: () => number;
}

/**
 * What all calls of this member to one model, or to one account of capabilities, pass: chooses the endpoint, and lets calls wait where none takes one now. Those of a
 * run begin in the order in which they came, so that a large one is not overtaken for ever.
 */
export class CallGate {
  readonly #queues = new Map<string, Waiter[]>();
  readonly #news = new Waiters();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  readonly #asks: (urgent: boolean) => void;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(
    readonly endpoints: readonly EndpointGate[],
    private readonly group: EndpointGroup,
    { asks = () => undefined, now = () => performance.now(), random = Math.random }: CallGateOptions = {},
  ) {
    this.#asks = asks;
    this.#now = now;
    this.#random = random;
  }

  /** Some endpoint of the group has answered before, this member or others: its silence is no wrong address. */
  get known(): boolean {
    return this.endpoints.some(({ known }) => known);
  }

  get waiting(): boolean {
    return this.#queues.size > 0;
  }

  /** A pass at once; null if the call has to wait: then it has to `enter`. */
  tryEnter(need: Need): Pass | null {
    return this.#queues.has(need.ownerId) ? null : this.#choose(need, this.#now());
  }

  /** Waits in the run's line for a pass; null when something has changed, and whoever waits has to look whether it still may. */
  enter(need: Need): Promise<Pass | null> {
    return new Promise((resolve) => {
      const queue = this.#queues.get(need.ownerId);
      if (queue) queue.push({ need, resolve });
      else this.#queues.set(need.ownerId, [{ need, resolve }]);
      // Who holds nothing and is the first to wait need not wait for the next question.
      if (!queue) for (const endpoint of this.endpoints) if (!endpoint.shut(this.#now())) endpoint.hurry();
      this.#asks(!queue);
      // Time has passed since it was refused a pass: what opened meanwhile sets no timer any more.
      if (!queue) this.dispatch();
    });
  }

  giveBack({ ownerId, endpoint, tokens }: Pass): void {
    this.#endpoint(endpoint).giveBack(ownerId, tokens);
    this.dispatch();
  }

  /** Ends the call of a pass; when that was, for questions about outages. */
  leave(pass: Pass, outcome: CallOutcome, told: ToldLimits | null): number {
    const gate = this.#endpoint(pass.endpoint);
    const now = this.#now();
    gate.leave(now, pass, outcome, told);
    if (gate.outages.doubts > 0) this.#news.wakeAll();
    this.#asks(gate.urgent);
    if (this.#queues.size > 0) this.dispatch();
    return now;
  }

  /** Something changed for those who wait: they look again, in their order. */
  wakeAll(): void {
    const waiting = [...this.#queues.values()].flat();
    this.#queues.clear();
    for (const { resolve } of waiting) resolve(null);
    this.#news.wakeAll();
  }

  /** Whether a failure at this time was the endpoint's, and not the row's. */
  excuses(endpoint: number, at: number): boolean {
    return this.#endpoint(endpoint).outages.excuses(at);
  }

  /** Whose fault a failure at this time was. Waits until that is known; null if `mayWait` says no meanwhile. */
  async verdict(endpoint: number, at: number, mayWait: () => boolean): Promise<'row' | 'outage' | null> {
    const gate = this.#endpoint(endpoint);
    gate.outages.doubts++;
    try {
      for (;;) {
        const verdict = gate.outages.verdict(at);
        if (verdict || !this.mayBeDown(gate)) return verdict ?? 'row';
        if (!mayWait()) return null;
        gate.hurry();
        this.#asks(true);
        await this.#news.wait();
      }
    } finally {
      gate.outages.doubts--;
    }
  }

  /** Silence of an endpoint that nobody ever heard of is a wrong address rather than an outage. */
  mayBeDown({ outages }: EndpointGate): boolean {
    return outages.reached || this.known;
  }

  /** What waits for this endpoint: nothing as long as one that is preferred takes calls. */
  waitingFor(endpoint: number): Waiting[] {
    const before = this.group.strategy === 'ordered' ? this.endpoints.slice(0, endpoint) : [];
    if (before.some((gate) => !gate.shut(this.#now()))) return [];
    return [...this.#queues].map(([ownerId, queue]) => ({
      ownerId,
      calls: queue.length,
      tokens: queue.reduce((sum, { need }) => sum + need.tokens, 0),
      next: queue[0]?.need.tokens ?? 0,
    }));
  }

  /** The executor has answered: whoever can begin now begins. */
  answered(): void {
    this.#news.wakeAll();
    this.dispatch();
  }

  /** Lets begin what can, one of each run after the other. */
  dispatch(): void {
    const now = this.#now();
    for (let open = [...this.#queues]; open.length > 0;)
      open = open.filter(([ownerId, queue]) => {
        const [first] = queue;
        const pass = first && this.#choose(first.need, now);
        if (!pass) return false;
        queue.shift();
        if (queue.length === 0) this.#queues.delete(ownerId);
        first.resolve(pass);
        return queue.length > 0;
      });
    this.#later(now);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
    this.wakeAll();
  }

  #endpoint(index: number): EndpointGate {
    return this.endpoints[index] as EndpointGate;
  }

  #choose(need: Need, now: number): Pass | null {
    const before: number[] = [];
    for (const endpoint of this.#order(need, now)) {
      const gate = this.#endpoint(endpoint);
      if (gate.tryBegin(now, need.ownerId, need.tokens)) {
        for (const other of before) this.#endpoint(other).missed(need.ownerId);
        return { ownerId: need.ownerId, endpoint, tokens: need.tokens, begunAt: now };
      }
      before.push(endpoint);
      // It takes calls, and only has to be asked for permits: the next one in the order is not meant yet.
      if (this.group.strategy === 'ordered' && !gate.shut(now)) return null;
    }
    return null;
  }

  #order({ failures }: Need, now: number): number[] {
    const count = this.endpoints.length;
    if (count === 1) return ONE;
    if (this.group.strategy === 'ordered') return Array.from({ length: count }, (_, step) => (failures + step) % count);
    const open = this.endpoints.flatMap((gate, index) => (gate.shut(now) ? [] : [index]));
    return drawn(open, this.group, this.#random);
  }

  /** `now`: when those who wait were last refused a pass. */
  #later(now: number): void {
    if (this.#queues.size === 0) return;
    let at = Infinity;
    for (const ownerId of this.#queues.keys()) for (const gate of this.endpoints) at = Math.min(at, gate.opensAt(now, ownerId));
    if (at === Infinity || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#timerAt = Infinity;
        this.#asks(false);
        this.dispatch();
      },
      Math.max(SHORTEST_MS, Math.ceil(at - now)),
    );
    this.#timer.unref();
  }
}

export const modelGate = (model: string, { strategy, endpoints }: ModelConfig, options?: CallGateOptions): CallGate => {
  const gates = endpoints.map(({ limits }, endpoint) => new EndpointGate({ model, endpoint }, limits));
  return new CallGate(gates, { strategy, weights: endpoints.map(({ weight }) => weight) }, options);
};

export const capabilityGate = (place: AccountPlace, options?: CallGateOptions): CallGate =>
  new CallGate([new EndpointGate(place, place.limits ?? undefined)], { strategy: 'ordered', weights: [1] }, options);

const ONE = [0];

/** All of these endpoints in an order drawn by weight. */
const drawn = (open: number[], { weights }: EndpointGroup, random: () => number): number[] => {
  const left = [...open];
  const order: number[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, index) => sum + (weights[index] ?? 1), 0);
    let at = random() * total;
    const place = left.findIndex((index) => (at -= weights[index] ?? 1) < 0);
    order.push(...left.splice(place < 0 ? left.length - 1 : place, 1));
  }
  return order;
};
