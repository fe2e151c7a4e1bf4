import { ApwaError } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { NoticesService } from '../notices/notices.service.js';
import { LOG, type Logger } from '../settings.js';
import { StagesRepository } from '../stages/stages.repository.js';

/** Stages stand still while every endpoint of their model has used up its quota: no row fails for it, and somebody has to do something. */
@Injectable()
export class ProviderPauses {
  /** Being written down: a model, and the owners that it concerns. */
  readonly #underWay = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly stages: StagesRepository,
    private readonly notices: NoticesService,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Does not reject: members ask again as long as they hold rows, and are the occasion for another try. */
  async pause(model: string, owners: readonly string[], reason: string): Promise<void> {
    const keys = owners.map((ownerId) => `${model} ${ownerId}`).filter((key) => !this.#underWay.has(key));
    if (keys.length === 0) return;
    for (const key of keys) this.#underWay.add(key);
    const message = `the provider of model ${model} takes no more calls: ${reason}`;
    try {
      const changes = await this.database.transaction((queries) =>
        this.stages.pause(queries, model, owners, { kind: 'provider', message }),
      );
      if (changes.length > 0) this.log.warn({ model, owners, reason }, 'stages are paused: no endpoint of their model has quota left');
      for (const change of changes) this.notices.stage(change);
    } catch (thrown) {
      this.log.warn({ model, error: ApwaError.from(thrown).toPayload() }, 'stages could not be paused');
    } finally {
      for (const key of keys) this.#underWay.delete(key);
    }
  }
}
