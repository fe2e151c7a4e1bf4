import { runControlled, type RunControl, stageChanged, workHint } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type StageChange } from '../ledger/ledger-writer.js';
import { TIMES, type Timing } from '../settings.js';

/** Tells others what happened. All of it may be lost: whoever needs to know asks. */
@Injectable()
export class NoticesService implements OnModuleDestroy {
  readonly #waiting = new Map<string, { change: StageChange; timer: NodeJS.Timeout }>();
  #onWork: () => void = () => undefined;
  #workAt = -Infinity;

  constructor(
    private readonly messaging: Messaging,
    @Inject(TIMES) private readonly times: Timing,
  ) {}

  /** A pool has work: its members ask for it. */
  work(pool: string): void {
    this.#workAt = performance.now();
    this.messaging.publish(workHint(pool), {});
    this.#onWork();
  }

  /** Whether some pool was said to have work in the last so many milliseconds. */
  saidWorkWithin(ms: number): boolean {
    return performance.now() - this.#workAt < ms;
  }

  /** Calls back, in this process, whenever a pool has work. */
  onWork(callback: () => void): void {
    this.#onWork = callback;
  }

  /** The first change at once, those that follow once in a while, the end at once. */
  stage(change: StageChange | null): void {
    if (!change) return;
    const waiting = this.#waiting.get(change.stageId);
    if (change.state !== 'running') {
      clearTimeout(waiting?.timer);
      this.#waiting.delete(change.stageId);
      this.#publish(change);
    } else if (waiting) {
      if (change.version > waiting.change.version) waiting.change = change;
    } else {
      this.#publish(change);
      const timer = setTimeout(() => this.#later(change), this.times.noticeMs);
      this.#waiting.set(change.stageId, { change, timer: timer.unref() });
    }
  }

  /** Stages have ended, and others may have their pools' slots. */
  ended(changes: readonly StageChange[]): void {
    for (const change of changes) this.stage(change);
    for (const pool of new Set(changes.map((change) => change.pool))) this.work(pool);
  }

  control(control: RunControl, end: readonly string[]): void {
    this.messaging.publish(runControlled, { ...control, ...(end.length > 0 ? { end: [...end] } : {}) });
  }

  onModuleDestroy(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #later(told: StageChange): void {
    const waiting = this.#waiting.get(told.stageId);
    this.#waiting.delete(told.stageId);
    if (waiting && waiting.change.version > told.version) this.stage(waiting.change);
  }

  #publish({ stageId, ownerId, version, state }: StageChange): void {
    this.messaging.publish(stageChanged, { stageId, ownerId, version, state });
  }
}
