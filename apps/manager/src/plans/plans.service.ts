import { workerPoolOperations } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { QuestionsService } from '../questions/questions.service.js';
import { roomOf } from '../reduce/calls.js';
import { CONFIG, type Config } from '../settings.js';
import { StagesService } from '../stages/stages.service.js';
import { type PlanInput, type Validation, validatePlan } from './validate.js';

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
      register: (capability) => this.executor.register(capability, signal),
      checkSql: async (tables, query) => {
        const request = { tables, query };
        const { columns } = await this.questions.ask(workerPoolOperations.checkSql, request, signal ? { signal } : {});
        return columns;
      },
    });
  }
}

/** Steps whose files are asked for by name. */
export const requestedSteps = (outputs: { step?: string | undefined }[]): string[] => [
  ...new Set(outputs.flatMap(({ step }) => (step ? [step] : []))),
];
