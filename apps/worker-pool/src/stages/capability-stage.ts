import { bindArguments, builtinCapabilities, openCapability, outputSchemaOf, renamed } from '@apwa/capabilities';
import { type CapabilityTemplate, type MapWork, RefusedError } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { misfitOf, type Storage } from '@apwa/tables';
import { type CapabilityCalls, CapabilityPipeline } from '../rows/capability-pipeline.js';
import { type StageAnswers } from '../rows/shared-answers.js';
import { type InputRows } from './input-rows.js';
import { earlierOf, type MapStage } from './map-stage.js';

export interface CapabilityStageParts {
  template: CapabilityTemplate;
  work: MapWork;
  rows: InputRows;
  storage: Storage;
  answers: StageAnswers;
}

/** One call of a capability per row. RefusedError `unknown_capability` if this member has none of that name: the stage fails with it. */
export const createCapabilityStage = ({ template, work, rows, storage, answers }: CapabilityStageParts): MapStage => {
  const outputColumns = columnsOfSchema(outputSchemaOf(template, builtinCapabilities));
  const capability = builtinCapabilities.find(template.capability);
  const call = openCapability(template.capability);
  if (!capability || !call)
    throw new RefusedError('unknown_capability', `This member has no capability ${template.capability}.`, {
      field: 'capability',
      value: template.capability,
    });
  const bound = bindArguments(template.with);
  const input = compileSchema(capability.input);
  const calls: CapabilityCalls = {
    argumentsOf: (values) => bound.of(values),
    check: (given) => input.validate(given),
    call,
    columnsOf: (output) => renamed(output, template.rename),
    misfit: (output) => {
      const misfit = misfitOf(outputColumns, output);
      return misfit ? `${template.capability} gave for ${misfit.column} what ${misfit.message}` : undefined;
    },
  };
  return {
    kind: 'map',
    columns: bound.columns,
    outputColumns,
    read: (range) => rows.read(range, bound.columns),
    earlier: earlierOf(work, outputColumns, storage),
    answers,
    fault: null,
    pipeline: (control) => new CapabilityPipeline(calls, control),
    assumeWorking: () => undefined,
    // Rows wait for their attempt alone.
    wake: () => undefined,
  };
};
