import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { ReportsService } from './reports.service.js';
import { Scaler } from './scaler.js';

/** What the manager asks about pools. */
@Controller()
export class PoolsController {
  constructor(
    private readonly reports: ReportsService,
    private readonly scaler: Scaler,
  ) {}

  @Handles(executorOperations.listPools)
  async listPools() {
    return { pools: await this.reports.list() };
  }

  @Handles(executorOperations.callMember)
  callMember() {
    return this.scaler.callMember();
  }
}
