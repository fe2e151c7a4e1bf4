import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { IntentsService } from './intents.service.js';

/** What members ask before calls that must never be made twice. */
@Controller()
export class IntentsController {
  constructor(private readonly intents: IntentsService) {}

  @Handles(executorOperations.recordIntent)
  async recordIntent(intent: z.output<typeof executorOperations.recordIntent.request>) {
    return { may: await this.intents.record(intent) };
  }

  @Handles(executorOperations.endIntent)
  async endIntent(intent: z.output<typeof executorOperations.endIntent.request>) {
    await this.intents.end(intent);
    return {};
  }

  @Handles(executorOperations.listIntents)
  async listIntents({ stageId, within }: z.output<typeof executorOperations.listIntents.request>) {
    return { intents: await this.intents.list(stageId, within) };
  }
}
