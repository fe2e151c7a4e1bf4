import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { CapabilitiesService } from './capabilities.service.js';

/** Functions in Python: asked about by the manager, and called by members. */
@Controller()
export class CapabilitiesController {
  constructor(private readonly capabilities: CapabilitiesService) {}

  @Handles(executorOperations.registerCapability)
  registerCapability({ capability }: z.output<typeof executorOperations.registerCapability.request>) {
    return this.capabilities.register(capability);
  }

  @Handles(executorOperations.openCapability)
  openCapability({ stageId, capability }: z.output<typeof executorOperations.openCapability.request>) {
    return this.capabilities.open(stageId, capability);
  }

  @Handles(executorOperations.openTrial)
  openTrial({ capability }: z.output<typeof executorOperations.openTrial.request>) {
    return this.capabilities.openTrial(capability);
  }

  @Handles(executorOperations.findSandbox)
  findSandbox() {
    return this.capabilities.findSandbox();
  }
}
