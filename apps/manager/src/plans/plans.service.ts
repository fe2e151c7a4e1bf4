import { type Plan, type RunRequest, workerPoolOperations } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { CapabilitiesService } from '../capabilities/capabilities.service.js';
import { TrialsService } from '../capabilities/trials.service.js';
import { QuestionsService } from '../questions/questions.service.js';
import { roomOf } from '../reduce/calls.js';
import { CONFIG, type Config } from '../settings.js';
import { type PlanInput, type Validation, refusedPlan, validatePlan } from './validate.js';

/** Checks plans against the configuration and real columns; SQL is bound by a member of the worker pool. */
@Injectable()
export class PlansService {
  constructor(
    private readonly questions: QuestionsService,
    private readonly capabilities: CapabilitiesService,
    private readonly trials: TrialsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `runId`: of the run whose plan it is, which may call what its planner has built. */
  async validate(
    document: unknown,
    inputs: readonly PlanInput[],
    requested: string[],
    signal?: AbortSignal,
    runId?: string,
  ): Promise<Validation> {
    return validatePlan(document, {
      inputs,
      requested,
      models: Object.keys(this.config.models),
      room: (model) => roomOf(this.config, model ?? this.config.model),
      register: (capability) => this.trials.run(capability, [], signal),
      registry: {
        find: (name, version) => this.capabilities.find(name, { version, runId }),
        offered: () => this.capabilities.offered(runId),
      },
      checkSql: async (tables, query) => {
        const request = { tables, query };
        const { columns } = await this.questions.ask(workerPoolOperations.checkSql, request, signal ? { signal } : {});
        return columns;
      },
    });
  }

  /** A plan that a person gave: valid, or one refusal with all of its faults, their fields as the request has them. */
  async checked(document: unknown, inputs: readonly PlanInput[], { outputs }: Pick<RunRequest, 'outputs'>, runId?: string): Promise<Plan> {
    const result = await this.validate(document, inputs, requestedSteps(outputs), undefined, runId);
    if (result.valid) return result.plan;
    throw refusedPlan(
      result.faults.map((fault) => ({ ...fault, field: fault.field.startsWith('plan') ? fault.field : `plan.${fault.field}` })),
    );
  }
}

/** Steps whose files are asked for by name. */
export const requestedSteps = (outputs: { step?: string | undefined }[]): string[] => [
  ...new Set(outputs.flatMap(({ step }) => (step ? [step] : []))),
];
