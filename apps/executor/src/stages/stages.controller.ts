import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { ForgettingService } from './forgetting.service.js';
import { NamedKeysService } from './named-keys.service.js';
import { StagesService } from './stages.service.js';

type RequestOf<Name extends keyof typeof executorOperations> = z.output<(typeof executorOperations)[Name]['request']>;

/** What the manager asks. */
@Controller()
export class StagesController {
  constructor(
    private readonly stages: StagesService,
    private readonly forgetting: ForgettingService,
    private readonly keys: NamedKeysService,
  ) {}

  @Handles(executorOperations.submitStage)
  submitStage(request: RequestOf<'submitStage'>) {
    return this.stages.submit(request);
  }

  @Handles(executorOperations.listStages)
  async listStages(request: RequestOf<'listStages'>) {
    return { stages: await this.stages.list(request) };
  }

  @Handles(executorOperations.getStage)
  getStage({ stageId }: RequestOf<'getStage'>) {
    return this.stages.get(stageId);
  }

  @Handles(executorOperations.listCommittedShards)
  listCommittedShards(question: RequestOf<'listCommittedShards'>) {
    return this.stages.committed(question);
  }

  @Handles(executorOperations.forgetStages)
  async forgetStages({ ownerId, stageIds }: RequestOf<'forgetStages'>) {
    return { forgotten: await this.forgetting.forget(ownerId, stageIds) };
  }

  @Handles(executorOperations.unnamedKeys)
  async unnamedKeys({ keys }: RequestOf<'unnamedKeys'>) {
    return { unnamed: await this.keys.unnamed(keys) };
  }
}
