import { stageChanged } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { ofAnything } from '../database/errors.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { RunEvents } from '../runs/run-events.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { StagesService } from '../stages/stages.service.js';
import { Reconciler } from './reconciler.js';

/**
 * Finds out how stages are: asks at the start, after each reconnection and every ten seconds, because notices may be lost
 * (HAZARDS H19); a notice or somebody who watches only makes it faster.
 */
@Injectable()
export class StageWatch {
  private readonly noticed = new Set<string>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly ends: (() => void)[] = [];
  private pending: NodeJS.Timeout | null = null;
  private asking = false;
  private stopped = false;

  constructor(
    private readonly messaging: Messaging,
    private readonly stages: StagesService,
    private readonly owners: OwnersRepository,
    private readonly reconciler: Reconciler,
    private readonly events: RunEvents,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.ends.push(this.messaging.subscribe(stageChanged, ({ ownerId }) => this.notice(ownerId)));
    this.ends.push(this.messaging.onReconnect(() => void this.askAll({ all: true })));
    this.timers.push(setInterval(() => void this.askAll({}), this.times.askMs));
    this.timers.push(setInterval(() => this.askWatched(), this.times.watchedAskMs));
    for (const timer of this.timers) timer.unref();
    void this.askAll({ all: true });
  }

  stop(): void {
    this.stopped = true;
    for (const end of this.ends) end();
    for (const timer of this.timers) clearInterval(timer);
    if (this.pending) clearTimeout(this.pending);
  }

  /** Asks about one owner soon; several notices are one question. */
  private notice(ownerId: string): void {
    this.noticed.add(ownerId);
    this.pending ??= setTimeout(() => {
      this.pending = null;
      const ids = [...this.noticed];
      this.noticed.clear();
      void this.ask(ids);
    }, this.times.coalesceMs);
    this.pending.unref();
  }

  private askWatched(): void {
    for (const id of this.events.watched()) this.notice(id);
  }

  private async askAll(options: { all?: boolean }): Promise<void> {
    if (this.asking || this.stopped) return;
    this.asking = true;
    try {
      const ids = await this.owners.unfinished();
      // Everything unfinished is looked at, whatever the executor answers: importing and planning wait for no stage.
      for (const id of ids) this.reconciler.wake(id);
      await this.ask(ids, options);
    } catch (thrown) {
      this.log.warn({ error: ofAnything(thrown).toPayload() }, 'unfinished work could not be read');
    } finally {
      this.asking = false;
    }
  }

  private async ask(ids: string[], options: { all?: boolean } = {}): Promise<void> {
    if (ids.length === 0 || this.stopped) return;
    try {
      for (const id of await this.stages.refresh(ids, options)) {
        this.events.changed(id);
        this.reconciler.wake(id);
      }
    } catch (thrown) {
      this.log.warn({ error: ofAnything(thrown).toPayload() }, 'the executor could not be asked');
    }
  }
}
