import { executorOperations, type RunControl } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { RunsService } from './runs.service.js';

@Controller()
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Handles(executorOperations.controlRun)
  controlRun(control: RunControl) {
    return this.runs.control(control);
  }
}
