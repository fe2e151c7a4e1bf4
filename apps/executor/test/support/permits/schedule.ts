import { noNews, type PermitAnswer, type PermitQuestion, type ToldLimits } from '@apwa/contracts';
import { seededRandom } from '@apwa/test-kit';
import { type Meter } from '../../../src/permits/meter.js';
import { type Provider } from './provider.js';

export interface SimulatedRun {
  ownerId: string;
  weight: number;
  /** Sizes of its calls in tokens, those of each member; the schedule ends when all have been answered, or with its time. */
  backlog: number[][];
}

export interface ScheduleOptions {
  meter: Meter;
  provider: Provider;
  runs: SimulatedRun[];
  members: number;
  /** Calls that each member keeps under way. */
  slots: number;
  untilMs: number;
  latencyMs?: number;
  /** Answers tell the limits in their headers. */
  told?: () => ToldLimits | null;
  /** 429s come with the time to wait. */
  retryAfter?: boolean;
  seed?: number;
  at?: (now: number) => void;
}

const STEP_MS = 5;
const ASK_MS = 200;

interface Hand {
  calls: number;
  tokens: number;
}

/** A member as simple as can be: asks a little ahead, spends what it gets evenly, waits its turn with calls in their order. */
class SimulatedMember {
  readonly id: string;
  private readonly held = new Map<string, Hand>();
  private readonly queues: Map<string, number[]>;
  private readonly inFlight = new Map<string, number>();
  private readonly rooms = new Map<string, number | null>();
  private news = noNews();
  private closedUntil = 0;
  /** Permits that may be spent in a step, and those of the steps before. */
  private usable = 0;
  private credit = 0;
  private counted: { calls: boolean; tokens: boolean };
  /** What happens in each step, by its number. */
  private readonly events = new Map<number, (() => void)[]>();
  private answeredOnce = false;
  done = 0;
  readonly answeredOf = new Map<string, number>();
  lastAnswer: PermitAnswer | undefined;

  constructor(
    index: number,
    private readonly options: ScheduleOptions,
    private readonly random: () => number,
  ) {
    this.id = `mbr_${index}`;
    const { calls, tokens } = options.meter.rates.used;
    this.counted = { calls: calls !== null, tokens: tokens !== null };
    this.queues = new Map(options.runs.map(({ ownerId, backlog }) => [ownerId, [...(backlog[index] ?? [])]]));
  }

  get left(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.length, 0) + this.total;
  }

  private get total(): number {
    return [...this.inFlight.values()].reduce((sum, calls) => sum + calls, 0);
  }

  ask(now: number): void {
    const { meter, runs, slots } = this.options;
    const wants = runs.flatMap(({ ownerId }) => {
      const queue = this.queues.get(ownerId) ?? [];
      const inFlight = this.inFlight.get(ownerId) ?? 0;
      if (queue.length + inFlight === 0) return [];
      const hand = this.held.get(ownerId) ?? { calls: 0, tokens: 0 };
      const ahead = queue.slice(0, slots);
      const tokens = Math.max(0, ahead.reduce((sum, one) => sum + one, 0) - hand.tokens);
      const calls = Math.max(tokens > 0 && ahead.length > 0 ? 1 : 0, ahead.length - hand.calls);
      return [{ ownerId, inFlight, toBegin: ahead.length, calls, tokens, next: Math.max(0, (ahead[0] ?? 0) - hand.tokens) }];
    });
    const question: PermitQuestion = {
      place: { model: 'small', endpoint: 0 },
      wants,
      returns: { calls: 0, tokens: 0 },
      correction: 0,
      news: this.news,
    };
    this.news = noNews();
    const answer = meter.ask(now, this.id, question, (ownerId) => runs.find((run) => run.ownerId === ownerId)?.weight ?? null);
    this.lastAnswer = answer;
    this.counted = answer.counted;
    this.closedUntil = Math.max(this.closedUntil, now + answer.closedMs);
    for (const { ownerId, calls, tokens, inFlight } of answer.grants) {
      const hand = this.held.get(ownerId) ?? { calls: 0, tokens: 0 };
      this.held.set(ownerId, { calls: hand.calls + calls, tokens: hand.tokens + tokens });
      this.rooms.set(ownerId, inFlight);
    }
    this.usable = [...this.held.values()].reduce((sum, hand) => sum + hand.calls, 0) / (ASK_MS / STEP_MS);
    this.credit = Math.min(1, this.credit);
  }

  step(now: number): void {
    const events = this.events.get(now / STEP_MS) ?? [];
    this.events.delete(now / STEP_MS);
    for (const run of events) run();
    this.credit += this.usable;
    for (const { ownerId } of this.options.runs) while (this.tryCall(now, ownerId));
  }

  private tryCall(now: number, ownerId: string): boolean {
    const queue = this.queues.get(ownerId) ?? [];
    const tokens = queue[0];
    if (tokens === undefined || this.total >= this.options.slots || now < this.closedUntil) return false;
    // The first call goes alone: its answer may tell the limits.
    if (!this.answeredOnce && this.total > 0) return false;
    const room = this.rooms.get(ownerId) ?? null;
    if (room !== null && (this.inFlight.get(ownerId) ?? 0) >= room) return false;
    const hand = this.held.get(ownerId) ?? { calls: 0, tokens: 0 };
    if (this.counted.calls || this.counted.tokens) {
      // A call that is larger than a minute's tokens goes with all of them.
      const needed = this.counted.tokens ? Math.min(tokens, this.options.meter.rates.used.tokens ?? 0) : 0;
      if (hand.calls < 1 || hand.tokens + 1e-6 < needed || this.credit + 1e-6 < 1) return false;
      this.credit--;
      hand.calls--;
      hand.tokens = Math.max(0, hand.tokens - tokens);
    }
    queue.shift();
    this.inFlight.set(ownerId, (this.inFlight.get(ownerId) ?? 0) + 1);
    this.begin(now, ownerId, tokens);
    return true;
  }

  private begin(now: number, ownerId: string, tokens: number): void {
    const { provider, latencyMs = 400, told, retryAfter = true } = this.options;
    const arrives = this.at(now + this.random() * 30, () => {
      const wait = provider.arrive(arrives, tokens);
      const back = this.at(arrives + (wait === undefined ? latencyMs * (0.5 + this.random()) : 5), () =>
        this.end(back, ownerId, tokens, wait, told?.() ?? null, retryAfter),
      );
    });
  }

  /** Has it happen in a step after `ms`; when that is. */
  private at(ms: number, run: () => void): number {
    const step = Math.ceil((ms + 1) / STEP_MS);
    this.events.set(step, [...(this.events.get(step) ?? []), run]);
    return step * STEP_MS;
  }

  private end(now: number, ownerId: string, tokens: number, wait: number | undefined, told: ToldLimits | null, retryAfter: boolean): void {
    this.inFlight.set(ownerId, (this.inFlight.get(ownerId) ?? 1) - 1);
    this.news.told = told ?? this.news.told;
    if (wait === undefined) {
      const first = !this.answeredOnce;
      this.answeredOnce = true;
      this.done++;
      this.news.answered++;
      this.answeredOf.set(ownerId, (this.answeredOf.get(ownerId) ?? 0) + 1);
      if (first && told) this.ask(now);
      return;
    }
    this.news.refused++;
    this.queues.get(ownerId)?.unshift(tokens);
    if (!retryAfter) return;
    this.news.retryAfterMs = Math.ceil(Math.max(this.news.retryAfterMs ?? 0, wait));
    this.closedUntil = Math.max(this.closedUntil, now + wait);
  }
}

/** Plays a schedule on a clock of its own; how long it took, and what each run got. */
export const play = (options: ScheduleOptions): { ms: number; answered: Map<string, number>; members: SimulatedMember[] } => {
  const random = seededRandom(options.seed ?? 1);
  const members = Array.from({ length: options.members }, (_, index) => new SimulatedMember(index, options, random));
  const phases = members.map(() => Math.floor((random() * ASK_MS) / STEP_MS) * STEP_MS);
  let now = 0;
  for (; now < options.untilMs && members.some(({ left }) => left > 0); now += STEP_MS) {
    options.at?.(now);
    for (const [index, member] of members.entries()) {
      if (now % ASK_MS === phases[index]) member.ask(now);
      member.step(now);
    }
  }
  const answered = new Map<string, number>();
  for (const { answeredOf } of members)
    for (const [ownerId, calls] of answeredOf) answered.set(ownerId, (answered.get(ownerId) ?? 0) + calls);
  return { ms: now, answered, members };
};
