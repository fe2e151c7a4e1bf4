import { type CapabilityDefinition, type Plan, type RunRequest, workerPoolOperations } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { QuestionsService } from '../questions/questions.service.js';
import { roomOf } from '../reduce/calls.js';
import { CONFIG, type Config } from '../settings.js';
import { StagesService } from '../stages/stages.service.js';
import { type PlanInput, type Validation, refusedPlan, validatePlan } from './validate.js';

/** Checks plans against the configuration and real columns; SQL is bound by a member of the worker pool. */
@Injectable()
export class PlansService {
  constructor(
    private readonly questions: QuestionsService,
    private readonly executor: StagesService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async validate(document: unknown, inputs: readonly PlanInput[], requested: string[], signal?: AbortSignal): Promise<Validation> {
    return validatePlan(document, {
      inputs,
      requested,
      models: Object.keys(this.config.models),
      room: (model) => roomOf(this.config, model ?? this.config.model),
      register: (capability) => this.#register(capability, signal),
      checkSql: async (tables, query) => {
        const request = { tables, query };
        const { columns } = await this.questions.ask(workerPoolOperations.checkSql, request, signal ? { signal } : {});
        return columns;
      },
    });
  }

  /** A plan that a person gave: valid, or one refusal with all of its faults, their fields as the request has them. */
  async checked(document: unknown, inputs: readonly PlanInput[], { outputs }: Pick<RunRequest, 'outputs'>): Promise<Plan> {
    const result = await this.validate(document, inputs, requestedSteps(outputs));
    if (result.valid) return result.plan;
    throw refusedPlan(
      result.faults.map((fault) => ({ ...fault, field: fault.field.startsWith('plan') ? fault.field : `plan.${fault.field}` })),
    );
  }

  /** What is run on a cluster is asked about where that is known, all else of a member, which would call it. */
  async #register(capability: CapabilityDefinition, signal?: AbortSignal): Promise<void> {
    if (capability.kind === 'python') return this.executor.register(capability, signal);
    await this.questions.ask(workerPoolOperations.tryCapability, { definition: capability, examples: [] }, signal ? { signal } : {});
  }
}

/** Steps whose files are asked for by name. */
export const requestedSteps = (outputs: { step?: string | undefined }[]): string[] => [
  ...new Set(outputs.flatMap(({ step }) => (step ? [step] : []))),
];
