import { type CapabilityDefinition, type CapabilityExample, type TriedExample, isSandboxed, workerPoolOperations } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { QuestionsService } from '../questions/questions.service.js';
import { StagesService } from '../stages/stages.service.js';
import { contentOf } from './content.js';

/** Finds out whether capabilities can be called, before anybody calls them for a row. The manager runs none itself. */
@Injectable()
export class TrialsService {
  constructor(
    private readonly questions: QuestionsService,
    private readonly executor: StagesService,
  ) {}

  /**
   * What came of the examples. Whether something can be run on a cluster is known to the executor; examples are a member's to call.
   * RefusedError with the definition's field if it can't be called at all; TransientError if that could not be found out.
   */
  async run(definition: CapabilityDefinition, examples: readonly CapabilityExample[] = [], signal?: AbortSignal): Promise<TriedExample[]> {
    const content = contentOf(definition);
    // What it calls is known with the plan that it stands in: it is checked with that.
    if (content.kind === 'template') return [];
    if (content.kind === 'python') {
      await this.executor.register(content, signal);
      if (!isSandboxed(content) || examples.length === 0) return [];
    }
    const request = { definition: content, examples: [...examples] };
    const { results } = await this.questions.ask(workerPoolOperations.tryCapability, request, signal ? { signal } : {});
    return results;
  }
}
