import { workerPoolOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { Questions } from '../questions/questions.js';
import { Capabilities } from './capabilities.js';

/** For the answer, of the time that a caller waits. Milliseconds. */
const SPARE_MS = 10_000;

/** Tries capabilities before anybody calls them. */
@Controller()
export class CapabilitiesController {
  constructor(
    private readonly capabilities: Capabilities,
    private readonly questions: Questions,
  ) {}

  @Handles(workerPoolOperations.tryCapability)
  tryCapability({ definition, examples }: z.output<typeof workerPoolOperations.tryCapability.request>) {
    // Who waits shall hear that nobody could be called in time.
    const deadline = AbortSignal.timeout(workerPoolOperations.tryCapability.deadlineMs - SPARE_MS);
    return this.questions.answer(async () => ({ results: await this.capabilities.tryOut(definition, examples, deadline) }));
  }
}
