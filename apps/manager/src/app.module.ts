import { MessagingModule } from '@apwa/messaging';
import { createModel } from '@apwa/model';
import { openStorage } from '@apwa/tables';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Gate } from './access/gate.js';
import { ScopeGuard } from './access/scope.guard.js';
import { AmendToolsService } from './amend/amend-tools.service.js';
import { AmenderService } from './amend/amender.service.js';
import { AmendmentsRepository } from './amend/amendments.repository.js';
import { SamplesService } from './amend/samples.service.js';
import { CapabilitiesController } from './capabilities/capabilities.controller.js';
import { CapabilitiesRepository } from './capabilities/capabilities.repository.js';
import { CapabilitiesService } from './capabilities/capabilities.service.js';
import { CapabilityFilesService } from './capabilities/capability-files.service.js';
import { TrialsService } from './capabilities/trials.service.js';
import { Database } from './database/database.js';
import { ExportsController } from './exports/exports.controller.js';
import { ExportsRepository } from './exports/exports.repository.js';
import { ExportsService } from './exports/exports.service.js';
import { HealthController } from './health/health.controller.js';
import { ErrorsFilter } from './http/errors.filter.js';
import { FirstKeyService } from './keys/first-key.service.js';
import { KeysController } from './keys/keys.controller.js';
import { KeysRepository } from './keys/keys.repository.js';
import { KeysService } from './keys/keys.service.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { OwnersRepository } from './owners/owners.repository.js';
import { CapabilityToolsService } from './planner/capability-tools.service.js';
import { PlannerService } from './planner/planner.service.js';
import { ToolsService } from './planner/tools.service.js';
import { TriesService } from './planner/tries.service.js';
import { TurnsRepository } from './planner/turns.repository.js';
import { PlansController } from './plans/plans.controller.js';
import { PlanVersionsRepository } from './plans/plan-versions.repository.js';
import { ReviewService } from './plans/review.service.js';
import { PlansService } from './plans/plans.service.js';
import { PartialTables } from './production/partial-tables.js';
import { PoolsController } from './pools/pools.controller.js';
import { ProductionService } from './production/production.service.js';
import { StepOrdersService } from './production/step-orders.service.js';
import { VersionsService } from './production/versions.service.js';
import { QuestionsService } from './questions/questions.service.js';
import { StrataService } from './quotes/strata.service.js';
import { QuotesService } from './quotes/quotes.service.js';
import { ProductDesk } from './reconciler/product-desk.js';
import { Reconciler } from './reconciler/reconciler.js';
import { RunDesk } from './reconciler/run-desk.js';
import { StageWatch } from './reconciler/stage-watch.js';
import { RedriveService } from './redrive/redrive.service.js';
import { MarksRepository } from './retention/marks.repository.js';
import { PruneService } from './retention/prune.service.js';
import { RemovalRepository } from './retention/removal.repository.js';
import { RemovalService } from './retention/removal.service.js';
import { RetentionLoop } from './retention/retention.loop.js';
import { RunEvents } from './runs/run-events.js';
import { RunStreams } from './runs/run-streams.js';
import { RunsController } from './runs/runs.controller.js';
import { RunsRepository } from './runs/runs.repository.js';
import { RunsService } from './runs/runs.service.js';
import { CONFIG, type Config, LOG, type Logger, PLANNER_MODEL, STORAGE, TIMES, TIMING, type Timing } from './settings.js';
import { StagesRepository } from './stages/stages.repository.js';
import { StagesService } from './stages/stages.service.js';
import { CatalogueNames } from './storage-check/catalogue-names.js';
import { StorageCheckController } from './storage-check/storage-check.controller.js';
import { StorageCheckService } from './storage-check/storage-check.service.js';
import { StorageCheckStreams } from './storage-check/storage-check.streams.js';
import { TablesController } from './tables/tables.controller.js';
import { TablesRepository } from './tables/tables.repository.js';
import { TablesService } from './tables/tables.service.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { UploadsRepository } from './uploads/uploads.repository.js';
import { UploadsService } from './uploads/uploads.service.js';

export interface ManagerOptions {
  config: Config;
  log: Logger;
  /** Default: `TIMING`. */
  timing?: Partial<Timing>;
}

@Module({})
export class ManagerModule {
  static forRoot({ config, log, timing = {} }: ManagerOptions): DynamicModule {
    return {
      module: ManagerModule,
      imports: [MessagingModule.forRoot({ service: 'manager', nats: config.nats, name: 'manager' })],
      controllers: [
        RunsController,
        PlansController,
        CapabilitiesController,
        TablesController,
        UploadsController,
        ExportsController,
        StorageCheckController,
        PoolsController,
        KeysController,
        HealthController,
        OpenApiController,
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOG, useValue: log },
        { provide: TIMES, useValue: { ...TIMING, ...timing } },
        { provide: STORAGE, useFactory: () => openStorage(config.storage) },
        { provide: PLANNER_MODEL, useFactory: () => createModel(plannerModel(config), { name: config.planner.model }) },
        { provide: APP_FILTER, useClass: ErrorsFilter },
        { provide: APP_GUARD, useClass: ScopeGuard },
        Gate,
        KeysRepository,
        KeysService,
        FirstKeyService,
        Database,
        OwnersRepository,
        StagesRepository,
        StagesService,
        UploadsRepository,
        UploadsService,
        TablesRepository,
        TablesService,
        ExportsRepository,
        ExportsService,
        RunsRepository,
        RunsService,
        RunEvents,
        RunStreams,
        QuestionsService,
        CapabilitiesRepository,
        CapabilitiesService,
        CapabilityFilesService,
        TrialsService,
        PlansService,
        PlanVersionsRepository,
        ReviewService,
        TurnsRepository,
        CapabilityToolsService,
        ToolsService,
        TriesService,
        PlannerService,
        AmendmentsRepository,
        AmendToolsService,
        SamplesService,
        AmenderService,
        PartialTables,
        VersionsService,
        StepOrdersService,
        ProductionService,
        QuotesService,
        StrataService,
        RedriveService,
        RunDesk,
        ProductDesk,
        Reconciler,
        StageWatch,
        MarksRepository,
        PruneService,
        RemovalRepository,
        RemovalService,
        RetentionLoop,
        CatalogueNames,
        StorageCheckService,
        StorageCheckStreams,
      ],
    };
  }
}

const plannerModel = ({ models, planner }: Config) => {
  const model = models[planner.model];
  if (!model) throw new Error(`planner.model names ${planner.model}, which the configuration has checked to be one of models`);
  return model;
};
