import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;

/** The largest delay of the event loop between two looks: what a heartbeat reports, as a blocked loop reads as death (K2). */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** Milliseconds since the last call. */
  take(): number {
    const longest = this.#histogram.max / 1e6 - RESOLUTION_MS;
    this.#histogram.reset();
    return Number.isFinite(longest) ? Math.max(0, Math.round(longest)) : 0;
  }
}
