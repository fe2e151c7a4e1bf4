import { bindArguments, capabilitiesWith, columnsAddedBy, renamed } from '@apwa/capabilities';
import { type CapabilityTemplate, type MapWork } from '@apwa/contracts';
import { misfitOf, type Storage } from '@apwa/tables';
import { type Capabilities } from '../capabilities/capabilities.js';
import { callWithEffects, isUnsafe } from '../capabilities/effects.js';
import { type OpenCapability } from '../capabilities/capability-call.js';
import { type CapabilityCalls, CapabilityPipeline } from '../rows/capability-pipeline.js';
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
  capabilities: Capabilities;
}

/** One call of a capability per row. RefusedError `unknown_capability` if this member has none of that name: the stage fails with it. */
export const createCapabilityStage = (parts: CapabilityStageParts): MapStage => {
  const { stageId, template, work, rows, storage, answers, capabilities } = parts;
  const { capabilities: definitions = [] } = work;
  const opened = capabilities.open(template.capability, stageId, definitions);
  const outputColumns = columnsAddedBy(template, capabilitiesWith(definitions));
  const bound = bindArguments(template.with);
  const misfit: OpenCapability['wrong'] = (output) => {
    const found = misfitOf(outputColumns, renamed(output, template.rename));
    return found
      ? { code: 'capability_bad_output', message: `${template.capability} gave for ${found.column} what ${found.message}` }
      : null;
  };
  const calls: CapabilityCalls = {
    argumentsOf: (values) => bound.of(values),
    check: (given) => opened.input.validate(given),
    call: async (given, row, control, { ownerId, intents }) => {
      const called = await callWithEffects(opened, given, { ownerId, agent: null, stageId, row, place: '', control, intents });
      return called && called.output;
    },
    unsafe: isUnsafe(opened.capability),
    columnsOf: (output) => renamed(output, template.rename),
    wrong: (output) => opened.wrong(output) ?? misfit(output),
    fault: null,
  };
  return {
    kind: 'map',
    columns: calls.unsafe ? null : bound.columns,
    outputColumns,
    read: (range) => rows.read(range, bound.columns),
    earlier: earlierOf(work, outputColumns, storage),
    answers,
    get fault() {
      return calls.fault;
    },
    pipeline: (control, caller) => new CapabilityPipeline(calls, control, caller),
    assumeWorking: () => undefined,
    wake: () => opened.wake(),
  };
};
