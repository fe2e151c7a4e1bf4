import {
  type CapabilityDefinition,
  type CapabilityId,
  type Plan,
  type ReduceStep,
  type Resources,
  type StageInput,
  type StageWork,
  type Step,
  type Template,
  InternalError,
  RefusedError,
  callsModel,
  capabilityIdOf,
  definitionsOf,
  effectsOf,
  comesFromStage,
} from '@apwa/contracts';
import { contentOf } from '../capabilities/content.js';
import { ownColumnsOfMap, viewOfMap } from '../plans/columns.js';
import { queryOfRows } from '@apwa/tables';
import { type Config } from '../settings.js';
import { type TableRow, columnsOf, referenceOf } from '../tables/tables.repository.js';
import { ROW, addedBy } from './assembly.js';

/** What a NATS message may hold is 1 MiB; this much of it is for the work. */
const MAX_WORK_BYTES = 768 * 1024;

/** What a template calls itself. */
export const calledBy = (template: Template): readonly CapabilityId[] => {
  switch (template.mode) {
    case 'llm':
      return [];
    case 'agent':
      return template.capabilities;
    case 'capability':
      return [template.capability];
  }
};

/** What a template calls, and what those of it call that are templates themselves. */
export const reachedBy = (template: Template, definitions: readonly CapabilityDefinition[]): ReadonlySet<CapabilityId> => {
  const reached = new Set(calledBy(template));
  // A set goes on over what is added meanwhile.
  for (const id of reached) {
    const definition = definitions.find((one) => capabilityIdOf(one) === id);
    if (definition?.kind === 'template') for (const inner of definition.capabilities ?? []) reached.add(inner);
  }
  return reached;
};

/** Of the capabilities that are defined those that are called for a template. Their effects are said outright: the executor goes by them. */
export const callsOf = (template: Template, defined: Plan['capabilities']): { capabilities?: CapabilityDefinition[] } => {
  const definitions = definitionsOf(defined);
  const called = reachedBy(template, definitions);
  const capabilities = definitions.flatMap((one) =>
    called.has(capabilityIdOf(one)) ? [{ ...contentOf(one), effects: effectsOf(one) } as CapabilityDefinition] : [],
  );
  return capabilities.length > 0 ? { capabilities } : {};
};

/** What a step asks of the executor. `tables`: what it reads, by name; `making`: what makes its input, where that is being made. */
export const workOfStep = (
  step: Exclude<Step, ReduceStep>,
  tables: Map<string, TableRow>,
  making: StageWork | null,
  config: Pick<Config, 'model' | 'limits'>,
  capabilities: Plan['capabilities'],
): { work: StageWork; resources: Resources } => {
  const read = (name: string) => {
    const table = tables.get(name);
    const reference = table && referenceOf(table);
    if (!reference) throw new InternalError('input_not_ready', `Step ${step.id} was started before its input ${name} was there.`);
    return reference;
  };
  switch (step.kind) {
    case 'map': {
      const { template } = step;
      const input = tables.get(step.input);
      const model = callsModel(template) ? (template.model ?? config.model) : null;
      const work: StageWork = {
        kind: 'map',
        input: (input && making && rowsOf(input, making, tables)) ?? read(step.input),
        template,
        model,
        ...callsOf(template, capabilities),
      };
      return { work, resources: template.resources ?? {} };
    }
    case 'sql': {
      const inputs = step.inputs.map((name) => ({ name, table: read(name) }));
      return { work: { kind: 'sql', inputs, query: step.query, limits: config.limits.sql }, resources: {} };
    }
    case 'split': {
      const { column, by, maxTokens, overlapTokens } = step;
      const size = { maxTokens, overlapTokens };
      return { work: { kind: 'split', input: read(step.input), column, by, size, limits: config.limits.sql }, resources: {} };
    }
    case 'table':
      return { work: { kind: 'sql', inputs: [], query: queryOfRows(step.rows), limits: config.limits.sql }, resources: {} };
  }
};

/** The rows of a map that is under way, as its stage commits them; null of any other work. */
const rowsOf = (table: TableRow, work: StageWork, tables: ReadonlyMap<string, TableRow>): StageInput | null => {
  if (table.stageId === null || work.kind !== 'map') return null;
  const { input: base } = work;
  const below = [...tables.values()].find(({ id }) => id === base.tableId);
  if (!below) throw new InternalError('no_base', `Table ${table.id} is made from ${base.tableId}, which is no table of its run.`);
  const added = addedBy(work);
  const columns = viewOfMap(comesFromStage(base) ? base.columns : columnsOf(below), added);
  return {
    stageId: table.stageId,
    tableId: table.id,
    rows: base.rows,
    columns: columns.filter(({ name }) => name !== ROW),
    ownColumns: ownColumnsOfMap(added),
    base,
  };
};

/** Refuses work that no message could carry. */
export const checkSize = (work: StageWork): StageWork => {
  const bytes = Buffer.byteLength(JSON.stringify(work));
  if (bytes <= MAX_WORK_BYTES) return work;
  const many =
    work.kind === 'import' ? `${work.files.length} files are too many for one table` : `a ${work.kind} of ${bytes} bytes is too large`;
  throw new RefusedError('too_large', `${many}: their description must be ${MAX_WORK_BYTES} bytes of JSON at most.`, {
    field: work.kind === 'import' ? 'files' : 'work',
    value: bytes,
    allowed: `${MAX_WORK_BYTES} bytes at most`,
  });
};
