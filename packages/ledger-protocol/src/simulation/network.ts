import { type Random } from './random.js';
import { type Process, type Schedule } from './schedule.js';

export type Peer = 'executor' | 'journal' | 'store';

/** Probabilities of what may befall a request to a peer. */
export interface Vices {
  /** It never arrives: nothing was changed. */
  lost: number;
  /** It arrives, and its reply does not: what was asked for is done. */
  replyLost: number;
  /** It arrives once more, up to `LATE_MS` later. */
  doubled: number;
  /** It arrives up to `LATE_MS` late, or its reply does: most often after whoever asked has given up. */
  late: number;
  /** It is acknowledged, and nothing was changed. Of the store alone. */
  forgotten: number;
}

/** Longer than a heartbeat's interval: replies overtake each other. */
const TIMEOUT_MS = 5_000;
/** Milliseconds. */
export const LATE_MS = 25_000;
const CALM: Vices = { lost: 0, replyLost: 0, doubled: 0, late: 0, forgotten: 0 };

/** Requests between processes, and all that can go wrong with them. */
export class Network {
  readonly vices: Record<Peer, Vices> = { executor: { ...CALM }, journal: { ...CALM }, store: { ...CALM } };
  /** Processes that reach no executor. */
  readonly cutOff = new Set<Process>();

  constructor(
    private readonly schedule: Schedule,
    private readonly random: Random,
  ) {}

  heal(): void {
    for (const vices of Object.values(this.vices)) Object.assign(vices, CALM);
    this.cutOff.clear();
  }

  /** `serve` may reply later or not at all; `heard` is called once: with the reply, or with null when none came in time. */
  ask<A>(client: Process, peer: Peer, serve: (reply: (answer: A) => void) => void, heard: (answer: A | null) => void): void {
    const { lost, replyLost, doubled, late } = this.vices[peer];
    let over = false;
    const settle = (answer: A | null) =>
      client.run(() => {
        if (over) return;
        over = true;
        heard(answer);
      });
    const latency = () => (this.random.chance(late) ? this.random.between(0, LATE_MS) : this.random.between(1, 40));
    const deliver = (delayMs: number) =>
      this.schedule.after(delayMs, () =>
        serve((answer) => {
          if (!this.random.chance(replyLost)) this.schedule.after(latency(), () => settle(answer));
        }),
      );
    const reached = !(peer === 'executor' && this.cutOff.has(client));
    if (reached && !this.random.chance(lost)) deliver(latency());
    if (reached && this.random.chance(doubled)) deliver(this.random.between(0, LATE_MS));
    this.schedule.after(TIMEOUT_MS, () => settle(null));
  }
}
