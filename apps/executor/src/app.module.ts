import { MessagingModule } from '@apwa/messaging';
import { openStorage, type Storage } from '@apwa/tables';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Boot } from './boot.js';
import { BudgetsRepository } from './budgets/budgets.repository.js';
import { BudgetsService } from './budgets/budgets.service.js';
import { Database } from './database/database.js';
import { EpochService } from './epoch/epoch.service.js';
import { AnsweredRows } from './journal/answered-rows.js';
import { IntentsController } from './intents/intents.controller.js';
import { IntentsService } from './intents/intents.service.js';
import { JournalService } from './journal/journal.service.js';
import { ClaimsService } from './ledger/claims.service.js';
import { CommitsService } from './ledger/commits.service.js';
import { LeasesService } from './ledger/leases.service.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { LedgerWriter } from './ledger/ledger-writer.js';
import { MembersController } from './members/members.controller.js';
import { MembersRepository } from './members/members.repository.js';
import { MembersService } from './members/members.service.js';
import { NoticesService } from './notices/notices.service.js';
import { PermitsController } from './permits/permits.controller.js';
import { PermitsService } from './permits/permits.service.js';
import { ProviderPauses } from './permits/provider-pauses.js';
import { RunShares } from './permits/run-shares.js';
import { BacklogsRepository } from './pools/backlogs.repository.js';
import { PoolsController } from './pools/pools.controller.js';
import { PoolsService } from './pools/pools.service.js';
import { ReportsService } from './pools/reports.service.js';
import { Scaler } from './pools/scaler.js';
import { CapabilitiesController } from './capabilities/capabilities.controller.js';
import { CapabilitiesService } from './capabilities/capabilities.service.js';
import { ClustersService } from './ray/clusters.service.js';
import { FabricsRepository } from './ray/fabrics.repository.js';
import { RunsController } from './runs/runs.controller.js';
import { RunsRepository } from './runs/runs.repository.js';
import { RunsService } from './runs/runs.service.js';
import {
  CONFIG,
  type Config,
  HEALTH_FILE,
  LOG,
  type Logger,
  MEMBER_COMMAND,
  STOP,
  type StopNow,
  STORAGE,
  TIMES,
  TIMING,
  type Timing,
} from './settings.js';
import { FailureWatch } from './stages/failure-watch.js';
import { ProgressService } from './stages/progress.service.js';
import { ForgettingService } from './stages/forgetting.service.js';
import { StageEnds } from './stages/stage-ends.js';
import { NamedKeysService } from './stages/named-keys.service.js';
import { StagesController } from './stages/stages.controller.js';
import { StagesRepository } from './stages/stages.repository.js';
import { StagesService } from './stages/stages.service.js';
import { ClockWatch } from './sweeper/clock-watch.js';
import { Copies } from './sweeper/copies.js';
import { Leftovers } from './sweeper/leftovers.js';
import { Suspects } from './sweeper/suspects.js';
import { Sweeper } from './sweeper/sweeper.js';
import { Strays } from './sweeper/strays.js';
import { Waiting } from './sweeper/waiting.js';

export interface ExecutorOptions {
  config: Config;
  log: Logger;
  /** Called when this executor must not go on: another has taken over. */
  stop: StopNow;
  /** Starts a member, its program first; null for the one beside this service. */
  memberCommand?: readonly string[] | null;
  /** Touched while the executor does its work: what the health check of a container looks at. */
  healthFile?: string | null;
  /** Default: `TIMING`. */
  timing?: Partial<Timing>;
}

@Module({})
export class ExecutorModule implements OnApplicationShutdown {
  constructor(@Inject(STORAGE) private readonly storage: Storage) {}

  static forRoot({ config, log, stop, memberCommand = null, healthFile = null, timing = {} }: ExecutorOptions): DynamicModule {
    return {
      module: ExecutorModule,
      imports: [
        MessagingModule.forRoot({
          service: 'executor',
          nats: config.nats,
          name: 'executor',
          journalBytes: config.executor.journalBytes,
        }),
      ],
      controllers: [
        StagesController,
        RunsController,
        MembersController,
        PermitsController,
        PoolsController,
        CapabilitiesController,
        IntentsController,
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOG, useValue: log },
        { provide: STOP, useValue: stop },
        { provide: MEMBER_COMMAND, useValue: memberCommand },
        { provide: HEALTH_FILE, useValue: healthFile },
        { provide: TIMES, useValue: { ...TIMING, ...timing } },
        { provide: STORAGE, useFactory: () => openStorage(config.storage) },
        Boot,
        Database,
        EpochService,
        JournalService,
        AnsweredRows,
        NoticesService,
        LedgerRepository,
        LedgerWriter,
        ClaimsService,
        CommitsService,
        LeasesService,
        RunsRepository,
        RunsService,
        ProgressService,
        StagesRepository,
        StageEnds,
        RunShares,
        ProviderPauses,
        BudgetsRepository,
        BudgetsService,
        PermitsService,
        FailureWatch,
        StagesService,
        ForgettingService,
        NamedKeysService,
        MembersRepository,
        MembersService,
        FabricsRepository,
        ClustersService,
        CapabilitiesService,
        IntentsService,
        PoolsService,
        BacklogsRepository,
        Scaler,
        ReportsService,
        Leftovers,
        Strays,
        Suspects,
        ClockWatch,
        Copies,
        Waiting,
        Sweeper,
      ],
    };
  }

  onApplicationShutdown(): void {
    this.storage.close();
  }
}
