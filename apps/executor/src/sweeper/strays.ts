import { journalSubject } from '@apwa/contracts';
import { JournalStreams } from '@apwa/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { JournalService } from '../journal/journal.service.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';

/**
 * Messages of the journal whose stage has ended, or is unknown: a holder that was cut off for long published them after the last
 * sweep of its stage. Nothing else removes them, and they would take the journal's room for ever (HAZARDS H6).
 */
@Injectable()
export class Strays {
  #dueAt = 0;
  /** Seen the last time: a stage that ended just now has sweeps of its own, and an unknown one may be submitted again. */
  #suspects = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly journal: JournalService,
    private readonly streams: JournalStreams,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async look(): Promise<void> {
    const now = performance.now();
    if (now < this.#dueAt) return;
    this.#dueAt = now + this.times.strayMs;
    const { incarnation } = this.journal;
    const found = await this.streams.stages(incarnation);
    const running = await this.database.read((queries) =>
      queries.stage.findMany({ where: { id: { in: [...found] }, state: 'running' }, select: { id: true } }),
    );
    for (const { id } of running) found.delete(id);
    const strays = [...found].filter((id) => this.#suspects.has(id));
    this.#suspects = found;
    for (const stageId of strays) {
      const messages = await this.streams.purge(incarnation, journalSubject(incarnation, stageId, '*', '*'));
      this.log.info({ stageId, messages }, 'messages of a stage that has ended were removed from the journal');
    }
  }
}
