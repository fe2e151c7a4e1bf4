import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { StagesService } from './stages.service.js';

type RequestOf<Name extends keyof typeof executorOperations> = z.output<(typeof executorOperations)[Name]['request']>;

/** What the manager asks. */
@Controller()
export class StagesController {
  constructor(private readonly stages: StagesService) {}

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
  listCommittedShards({ stageId, after, limit }: RequestOf<'listCommittedShards'>) {
    return this.stages.committed(stageId, after, limit);
  }
}
