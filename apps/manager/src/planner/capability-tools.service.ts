import {
  type CapabilityDefinition,
  type CapabilityExample,
  CapabilityId,
  RefusedError,
  type TriedExample,
  capabilityIdOf,
  excerpt,
  isSandboxed,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { CapabilitiesService } from '../capabilities/capabilities.service.js';
import { nameOf } from '../capabilities/capability-view.js';
import { TrialsService } from '../capabilities/trials.service.js';
import { faultsOfSchemas } from '../plans/capability.js';
import { type AllowUnsafe } from '../plans/planned-unsafe.js';
import { type CapabilityTool, capabilityTools } from './capability-tool-definitions.js';

/** Capabilities that a search shows: each comes with its schemas. */
const FOUND = 8;

/** What a tool has to show. `note` is for people who watch. */
export interface Shown {
  value: object;
  note: string;
}

interface Place {
  runId: string;
  allowUnsafe: AllowUnsafe;
  signal: AbortSignal;
}

/** Carries out what a planner does with capabilities. Nothing that it brings runs anywhere but in a sandbox: of a member, or of a cluster. */
@Injectable()
export class CapabilityToolsService {
  constructor(
    private readonly capabilities: CapabilitiesService,
    private readonly trials: TrialsService,
  ) {}

  async look(tool: CapabilityTool, value: unknown, place: Place): Promise<Shown> {
    switch (tool) {
      case 'search_capabilities':
        return this.search(capabilityTools.search_capabilities.arguments.parse(value).query, place);
      case 'try_capability': {
        const { definition, capability, examples } = capabilityTools.try_capability.arguments.parse(value);
        return this.try(definition ?? (await this.registered(CapabilityId.parse(capability), place)), examples, place);
      }
      case 'build_capability': {
        const { definition, examples } = capabilityTools.build_capability.arguments.parse(value);
        return this.build(definition, examples, place);
      }
    }
  }

  private async search(query: string, { runId, allowUnsafe }: Place): Promise<Shown> {
    const found = await this.capabilities.search(query, { runId, allowUnsafe, limit: FOUND });
    const capabilities = await Promise.all(
      found.map(async ({ id, name }) => {
        const { description, effects, scope, version, input, output } = await this.capabilities.show(name, { run: runId });
        return { id, description, effects, scope, version, input, output };
      }),
    );
    return { value: { capabilities }, note: `looks for capabilities: ${excerpt(query)}` };
  }

  private async try(definition: CapabilityDefinition, examples: CapabilityExample[], { signal }: Place): Promise<Shown> {
    const faults = faultsOfSchemas(definition, 'definition');
    if (faults.length > 0) return { value: { passed: false, faults }, note: `tries ${definition.name}: its schemas are wrong` };
    const results = await this.trials.run(definition, examples, signal);
    const passed = results.filter((one) => one.passed).length;
    return {
      value: { passed: passed === results.length, results: results.map((result, at) => ({ input: examples[at]?.input, ...told(result) })) },
      note: `tries ${definition.name}: ${passed} of ${results.length} examples pass`,
    };
  }

  private async build(definition: CapabilityDefinition, examples: CapabilityExample[], { runId, signal }: Place): Promise<Shown> {
    try {
      const { id, name, version } = await this.capabilities.add({ definition, examples }, { runId, signal });
      return { value: { registered: true, capability: id, version }, note: `builds the capability ${name}@${version}` };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { code, message, details } = error;
      const { field, value, allowed, faults = [{ field, message, value: excerpt(value), allowed }] } = details;
      return { value: { registered: false, code, faults }, note: `builds no capability ${definition.name}: ${excerpt(message)}` };
    }
  }

  private async registered(id: CapabilityId, { runId }: Place): Promise<CapabilityDefinition> {
    const definition = await this.capabilities.find(nameOf(id), { runId });
    if (definition && id === capabilityIdOf(definition) && isSandboxed(definition)) return definition;
    throw new RefusedError('unknown_capability', `${id} is no registered function that runs in a sandbox, and nothing else is tried.`, {
      field: 'capability',
      value: id,
      allowed: 'one that search_capabilities shows',
    });
  }
}

const told = ({ passed, output, error }: TriedExample) => ({
  passed,
  output,
  ...(error ? { error: `${error.code}: ${error.message}` } : {}),
});
