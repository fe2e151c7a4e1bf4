import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { PermitsService } from './permits.service.js';

@Controller()
export class PermitsController {
  constructor(private readonly permits: PermitsService) {}

  @Handles(executorOperations.permits)
  answer(request: z.output<typeof executorOperations.permits.request>) {
    return this.permits.answer(request);
  }
}
