import { executorOperations, type PoolList } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Controller, Get } from '@nestjs/common';
import { Needs } from '../access/needs.js';

@Controller('v1/pools')
export class PoolsController {
  constructor(private readonly messaging: Messaging) {}

  /** As the executor sees them now. */
  @Get()
  @Needs('read')
  async list(): Promise<PoolList> {
    return this.messaging.request(executorOperations.listPools, {});
  }
}
