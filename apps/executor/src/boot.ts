import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EpochService } from './epoch/epoch.service.js';
import { JournalService } from './journal/journal.service.js';
import { PermitsService } from './permits/permits.service.js';

/** What has to be before the first request is answered. */
@Injectable()
export class Boot implements OnModuleInit {
  constructor(
    private readonly epoch: EpochService,
    private readonly journal: JournalService,
    private readonly permits: PermitsService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.epoch.take();
    await this.permits.start();
    await this.journal.start();
  }
}
