import { ApwaError } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { NoticesService } from '../notices/notices.service.js';
import { LOG, type Logger } from '../settings.js';
import { judgeFailures } from './judge-failures.js';
import { StageEnds } from './stage-ends.js';
import { StagesRepository } from './stages.repository.js';

/** Ends stages of which too many rows have failed. */
@Injectable()
export class FailureWatch {
  constructor(
    private readonly database: Database,
    private readonly stages: StagesRepository,
    private readonly ends: StageEnds,
    private readonly notices: NoticesService,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Does not reject: what could not be looked at is looked at with the next rows that fail. */
  async look(stageIds: readonly string[]): Promise<void> {
    for (const stageId of stageIds)
      try {
        await this.#look(stageId);
      } catch (thrown) {
        this.log.warn({ stageId, error: ApwaError.from(thrown).toPayload() }, 'failed rows could not be looked at');
      }
  }

  async #look(stageId: string): Promise<void> {
    const stage = await this.database.read((queries) => this.stages.find(queries, stageId));
    if (stage?.state !== 'running' || stage.progress.failed === 0) return;
    const work = await this.database.read((queries) => this.stages.workOf(queries, stageId));
    if (work?.kind !== 'map') return;
    const judgement = judgeFailures(stage.progress, work.template.retry?.stopWhenFailuresExceed);
    if (judgement.kind === 'go_on') return;
    const { fault } = judgement;
    const changes = await this.database.transaction((queries) => this.ends.fail(queries, stageId, fault));
    if (changes.length === 0) return;
    this.log.warn({ stageId, fault }, 'the stage ends: too many of its rows have failed');
    this.notices.ended(changes);
  }
}
