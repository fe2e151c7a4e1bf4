import { executorOperations, type PoolList } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Controller, Get } from '@nestjs/common';

@Controller('v1/pools')
export class PoolsController {
  constructor(private readonly messaging: Messaging) {}

  /** As the executor sees them now. */
  @Get()
  async list(): Promise<PoolList> {
    return this.messaging.request(executorOperations.listPools, {});
  }
}
