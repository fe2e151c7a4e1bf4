import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { RunsService } from './runs.service.js';

@Controller()
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Handles(executorOperations.controlRun)
  controlRun(control: z.output<typeof executorOperations.controlRun.request>) {
    return this.runs.control(control);
  }
}
