import { bindArguments, capabilitiesWith, openCapability, outputSchemaOf, renamed } from '@apwa/capabilities';
import { type Capability, type CapabilityTemplate, type Column, type JsonObject, type MapWork, RefusedError } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { type Messaging } from '@apwa/messaging';
import { misfitOf, type Storage } from '@apwa/tables';
import { openFunction } from '../functions/open-function.js';
import { type CapabilityCalls, CapabilityPipeline, shownFaults } from '../rows/capability-pipeline.js';
import { type StageAnswers } from '../rows/shared-answers.js';
import { type InputRows } from './input-rows.js';
import { earlierOf, type MapStage } from './map-stage.js';

export interface CapabilityStageParts {
  stageId: string;
  template: CapabilityTemplate;
  work: MapWork;
  rows: InputRows;
  storage: Storage;
  answers: StageAnswers;
  messaging: Messaging;
}

/** How a capability is called, and what else is to be told of changes. */
interface Opened {
  call: CapabilityCalls['call'];
  wrong: CapabilityCalls['wrong'];
  wake(): void;
}

/** One call of a capability per row. RefusedError `unknown_capability` if this member has none of that name: the stage fails with it. */
export const createCapabilityStage = (parts: CapabilityStageParts): MapStage => {
  const { template, work, rows, storage, answers } = parts;
  const capabilities = capabilitiesWith(work.capability ? [work.capability] : []);
  const outputColumns = columnsOfSchema(outputSchemaOf(template, capabilities));
  const capability = capabilities.find(template.capability);
  const opened = capability && open(capability, outputColumns, parts);
  if (!capability || !opened)
    throw new RefusedError('unknown_capability', `This member has no capability ${template.capability}.`, {
      field: 'capability',
      value: template.capability,
    });
  const bound = bindArguments(template.with);
  const input = compileSchema(capability.input);
  const calls: CapabilityCalls = {
    argumentsOf: (values) => bound.of(values),
    check: (given) => input.validate(given),
    call: opened.call,
    columnsOf: (output) => renamed(output, template.rename),
    wrong: opened.wrong,
    fault: null,
  };
  return {
    kind: 'map',
    columns: bound.columns,
    outputColumns,
    read: (range) => rows.read(range, bound.columns),
    earlier: earlierOf(work, outputColumns, storage),
    answers,
    get fault() {
      return calls.fault;
    },
    pipeline: (control) => new CapabilityPipeline(calls, control),
    assumeWorking: () => undefined,
    wake: () => opened.wake(),
  };
};

const open = (capability: Capability, columns: Column[], { stageId, template, work, messaging }: CapabilityStageParts): Opened | null => {
  const misfit = (output: JsonObject): string | null => {
    const found = misfitOf(columns, renamed(output, template.rename));
    return found ? `${capability.id} gave for ${found.column} what ${found.message}` : null;
  };
  if (work.capability && capability.kind === 'python') {
    const calls = openFunction(stageId, work.capability, messaging);
    const output = compileSchema(capability.output);
    return {
      call: (given, control) => calls.call(given, control),
      wrong: (given) => {
        const faults = output.validate(given);
        const message = faults.length > 0 ? shownFaults(faults) : misfit(given);
        return message === null ? null : { code: 'capability_bad_output', message };
      },
      wake: () => calls.wake(),
    };
  }
  const call = openCapability(capability.id);
  if (!call) return null;
  return {
    call,
    wrong: (given) => {
      const message = misfit(given);
      return message === null ? null : { code: 'capability_failed', message };
    },
    // Its rows wait for their attempt alone.
    wake: () => undefined,
  };
};
