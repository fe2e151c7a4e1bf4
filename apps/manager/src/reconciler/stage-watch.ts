import { StageState, stageChanged } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { ofAnything } from '../database/errors.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { RunEvents } from '../runs/run-events.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { StagesService } from '../stages/stages.service.js';
import { Gathering } from './gathering.js';
import { Reconciler } from './reconciler.js';

/**
 * Finds out how stages are: asks at the start, after each reconnection and every ten seconds, because notices may be lost
 * (HAZARDS H19); a notice or somebody who watches only makes it faster.
 */
@Injectable()
export class StageWatch {
  private readonly notices: Gathering;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly ends: (() => void)[] = [];
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
  ) {
    this.notices = new Gathering(times.coalesceMs, (ids) => void this.ask(ids));
  }

  start(): void {
    this.ends.push(
      this.messaging.subscribe(stageChanged, ({ ownerId, state }) =>
        this.notices.add(ownerId, { atOnce: state !== StageState.enum.running }),
      ),
    );
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
    this.notices.stop();
  }

  private askWatched(): void {
    for (const id of this.events.watched()) this.notices.add(id);
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
      const { changed, decisive } = await this.stages.refresh(ids, options);
      for (const id of changed) this.events.tell(id, 'changed');
      // Progress is shown, and nothing is to be done for it.
      for (const id of decisive) this.reconciler.wake(id);
    } catch (thrown) {
      this.log.warn({ error: ofAnything(thrown).toPayload() }, 'the executor could not be asked');
    }
  }
}
