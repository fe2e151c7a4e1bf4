import { ApwaError } from '@apwa/contracts';
import { type Logger } from './logger.js';

export type LifecycleState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** Ends what was started; `signal` is aborted when the grace time is over. */
export type Stop = (signal: AbortSignal) => Promise<void> | void;

export interface LifecycleOptions {
  log: Logger;
  /** How long draining may take before the process ends anyway; milliseconds, default 15 000. */
  graceMs?: number;
  /** How long a start that is told to end may go on; milliseconds, default 2 000. */
  startGraceMs?: number;
  /** Ends the process; a test gives another. */
  exit?: (code: number) => void;
}

/**
 * The life of a service's process: `starting → running → draining → stopped | failed`.
 *
 * SIGTERM or SIGINT while it starts: the start is aborted; while it runs: it drains; a second one ends it at once. A start that
 * throws, a drain that throws or outlasts its grace, and an error that nobody caught make it `failed`.
 * Exit codes: 0 stopped, 1 failed, 2 the settings are wrong (a RefusedError at start), 128 + signal at once.
 */
export class Lifecycle {
  private current: LifecycleState = 'starting';
  private stop: Stop | null = null;
  private readonly starting = new AbortController();
  private started: Promise<void> = Promise.resolve();
  private failure: unknown = null;
  private readonly log: Logger;
  private readonly graceMs: number;
  private readonly startGraceMs: number;
  private readonly exit: (code: number) => void;

  constructor({ log, graceMs = 15_000, startGraceMs = 2_000, exit = (code) => process.exit(code) }: LifecycleOptions) {
    this.log = log;
    this.graceMs = graceMs;
    this.startGraceMs = startGraceMs;
    this.exit = exit;
  }

  get state(): LifecycleState {
    return this.current;
  }

  /**
   * Runs `start`, which gives back what ends it. Resolves when the service is running or has ended; what `start` throws ends
   * the process and is not thrown again. Once per process.
   */
  async run(start: (signal: AbortSignal) => Promise<Stop>): Promise<void> {
    this.watch();
    this.started = (async () => {
      try {
        this.stop = await start(this.starting.signal);
        if (this.state === 'starting') this.become('running');
      } catch (thrown) {
        if (this.state === 'starting') this.end('failed', thrown);
      }
    })();
    await this.started;
  }

  /** Drains and ends the process with code 0; what a signal does. */
  async shutDown(reason: string): Promise<void> {
    if (this.state !== 'starting' && this.state !== 'running') return;
    const early = this.state === 'starting';
    this.become('draining', reason);
    if (early) {
      this.starting.abort(new Error(`stopped while starting: ${reason}`));
      await expire(this.started, this.startGraceMs);
    }
    const grace = new AbortController();
    const outcome = await expire(this.runStop(grace.signal), this.graceMs);
    grace.abort(new Error('the grace time is over'));
    if (outcome === 'expired') this.failure ??= new Error(`draining took longer than ${this.graceMs} ms`);
    this.end(this.failure === null ? 'stopped' : 'failed', this.failure);
  }

  /** Something broke that the service cannot go on without: drains and ends the process with code 1. */
  async fail(error: unknown): Promise<void> {
    this.failure ??= error;
    await this.shutDown(ApwaError.from(error).message);
  }

  private async runStop(grace: AbortSignal): Promise<void> {
    try {
      await this.stop?.(grace);
    } catch (thrown) {
      this.failure ??= thrown;
    }
  }

  private watch(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (this.state === 'starting' || this.state === 'running') void this.shutDown(signal);
        else {
          this.log.warn({ signal }, 'ending at once');
          this.exit(128 + SIGNAL_NUMBERS[signal]);
        }
      });
    process.on('uncaughtException', (error) => this.crash(error));
    process.on('unhandledRejection', (reason) => this.crash(reason));
  }

  /** After an error that nobody caught nothing is known of the process: it ends, and what it held is taken over. */
  private crash(error: unknown): void {
    this.end('failed', error);
  }

  private become(state: LifecycleState, reason?: string): void {
    this.current = state;
    this.log.info({ state, ...(reason ? { reason } : {}) }, state);
  }

  private end(state: 'stopped' | 'failed', error: unknown): void {
    if (this.state === 'stopped' || this.state === 'failed') return;
    this.current = state;
    if (state === 'stopped') {
      this.log.info({ state }, state);
      return this.exit(0);
    }
    const refused = error instanceof ApwaError && error.class === 'refused';
    // Of a refusal the text says all: a stack would bury it.
    if (refused) this.log.fatal({ state, error: error.toPayload() }, error.message);
    else this.log.fatal({ state, err: error instanceof Error ? error : new Error(String(error)) }, ApwaError.from(error).message);
    this.exit(refused ? 2 : 1);
  }
}

const SIGNAL_NUMBERS = { SIGTERM: 15, SIGINT: 2 } as const;

const expire = async (work: Promise<void>, ms: number): Promise<'done' | 'expired'> => {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), ms);
  });
  try {
    return await Promise.race([work.then(() => 'done' as const), expired]);
  } finally {
    clearTimeout(timer);
  }
};
