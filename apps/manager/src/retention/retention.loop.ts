import { retentionMs } from '@apwa/config';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ofAnything } from '../database/errors.js';
import { CONFIG, type Config, LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { MarksRepository } from './marks.repository.js';
import { PruneService } from './prune.service.js';
import { RemovalService } from './removal.service.js';

/** Things of a kind that are deleted in one transaction. */
const BITE = 50;

/**
 * Carries out the retention of the configuration, in small bites, and goes on with removals that somebody has begun: this manager,
 * one that has died, or another one.
 */
@Injectable()
export class RetentionLoop {
  private timer: NodeJS.Timeout | null = null;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  /** The oldest table that was looked at in this turn through the catalogue: it goes from the newest to the oldest, as tables are made from older ones. */
  private before: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly marks: MarksRepository,
    private readonly prune: PruneService,
    private readonly removal: RemovalService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.next(0);
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.removal.stop();
    await this.round;
  }

  private next(afterMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.round = this.look().then((more) => this.next(more ? this.times.biteMs : this.times.retainMs));
    }, afterMs);
    this.timer.unref();
  }

  /** Whether there is more to be done at once. */
  private async look(): Promise<boolean> {
    let more = false;
    try {
      const bites = [await this.uploads(), await this.exports(), await this.tables(), await this.runs()];
      more = bites.some(Boolean);
    } catch (thrown) {
      this.log.warn({ error: ofAnything(thrown).toPayload() }, 'what is old could not be looked through');
    }
    await this.removal.sweep();
    return more;
  }

  private async uploads(): Promise<boolean> {
    return this.bite('uploads', async (olderThanMs) =>
      this.database.$transaction(async (queries) => {
        const ids = await this.marks.oldUploads(queries, olderThanMs, BITE);
        await this.marks.markUploads(queries, ids);
        return { deleted: ids.length, more: ids.length === BITE };
      }),
    );
  }

  private async exports(): Promise<boolean> {
    return this.bite('exports', async (olderThanMs) =>
      this.database.$transaction(async (queries) => {
        const ids = (await this.marks.oldExports(queries, olderThanMs, BITE)).map(({ id }) => id);
        await this.marks.markExports(queries, ids);
        return { deleted: ids.length, more: ids.length === BITE };
      }),
    );
  }

  private async tables(): Promise<boolean> {
    return this.bite('tables', async (olderThanMs) => {
      const scope = { olderThanMs, limit: BITE, before: this.before };
      const { tables, kept } = await this.database.$transaction((queries) => this.prune.mark(queries, scope, { dryRun: false }));
      const looked = [...tables, ...kept].map(({ id }) => id).sort();
      this.before = looked.length < BITE ? undefined : looked[0];
      return { deleted: tables.length, more: this.before !== undefined };
    });
  }

  private async runs(): Promise<boolean> {
    return this.bite('runs', async (olderThanMs) =>
      this.database.$transaction(async (queries) => {
        const ids = await this.marks.oldRuns(queries, olderThanMs, [], BITE);
        await this.marks.markRuns(queries, ids);
        return { deleted: ids.length, more: ids.length === BITE };
      }),
    );
  }

  private async bite(
    kind: keyof Config['retention'],
    take: (olderThanMs: number) => Promise<{ deleted: number; more: boolean }>,
  ): Promise<boolean> {
    const olderThanMs = retentionMs(this.config.retention[kind]);
    if (olderThanMs === null || this.stopped) return false;
    const { deleted, more } = await take(olderThanMs);
    if (deleted > 0) this.log.info({ kind, deleted, olderThan: this.config.retention[kind] }, 'what was old enough is deleted');
    return more;
  }
}
