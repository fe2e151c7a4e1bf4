import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type Config } from '@apwa/config';
import { MessagingModule } from '@apwa/messaging';
import { type Logger } from '@apwa/service';
import { openStorage, type Storage, TableJobs } from '@apwa/tables';
import { Capabilities } from './capabilities/capabilities.js';
import { CapabilitiesController } from './capabilities/capabilities.controller.js';
import { Attempts } from './attempts/attempts.js';
import { MemberService } from './member/member.service.js';
import { type MemberSettings } from './member/settings.js';
import { Budgets } from './budgets/budgets.js';
import { Models } from './models/models.js';
import { Permits } from './permits/permits.js';
import { Questions } from './questions/questions.js';
import { QuestionsController } from './questions/questions.controller.js';
import { Stages } from './stages/stages.js';
import { CONFIG, LOG, SETTINGS, STORAGE, TABLE_JOBS } from './tokens.js';

export interface AppOptions {
  config: Config;
  settings: MemberSettings;
  log: Logger;
}

/** One member of a pool. */
@Module({})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(STORAGE) private readonly storage: Storage) {}

  static forRoot({ config, settings, log }: AppOptions): DynamicModule {
    const values = [
      { provide: CONFIG, useValue: config },
      { provide: SETTINGS, useValue: settings },
      { provide: LOG, useValue: log },
      { provide: STORAGE, useFactory: () => openStorage(config.storage) },
      { provide: TABLE_JOBS, useFactory: (storage: Storage) => new TableJobs({ storage, limits: config.limits }), inject: [STORAGE] },
    ];
    return {
      module: AppModule,
      imports: [MessagingModule.forRoot({ service: 'worker-pool', nats: config.nats, name: `worker-pool ${settings.pool}` })],
      controllers: [QuestionsController, CapabilitiesController],
      providers: [...values, Budgets, Permits, Models, Capabilities, Stages, Attempts, Questions, MemberService],
    };
  }
  onApplicationShutdown(): void {
    this.storage.close();
  }
}
