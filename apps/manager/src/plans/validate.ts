import { type CapabilityRegistry, capabilitiesWith } from '@apwa/capabilities';
import { type Column, type Fault, type Plan, type CapabilityDefinition, RefusedError, excerpt } from '@apwa/contracts';
import { checkCapability } from './capability.js';
import { viewOfMap } from './columns.js';
import { checkGraph, inOrder } from './graph.js';
import { type Registry, resolveCapabilities, withContent } from './registered.js';
import { type PlacedStep, readPlan } from './shape.js';
import { writtenTable } from './plan-rows.js';
import { type ReduceContext, checkReduceStep } from './reduce-step.js';
import { checkSplitStep } from './split-step.js';
import { checkTableStep } from './table-step.js';
import { checkTemplate } from './template.js';
import { checkTemplateCapabilities } from './template-capability.js';
import { type TemplateContext } from './template-check.js';

export interface PlanInput {
  name: string;
  columns: Column[] | null;
}

/** What a plan is checked against. */
export interface PlanContext {
  /** Tables that the run begins with. `columns`: null of those that are still to be imported; what depends on them is not checked. */
  inputs: readonly PlanInput[];
  /** Names of the configuration's models. */
  models: readonly string[];
  /** What one of them reads and writes at most. */
  room: ReduceContext['room'];
  /** Whether a function can be run: resolves, or a RefusedError. Other errors mean that it could not be found out. */
  register: (capability: CapabilityDefinition) => Promise<unknown>;
  /** What it may call without bringing it. */
  registry: Registry;
  /** Steps whose files the person asked for by name. */
  requested: readonly string[];
  /** Parses and binds a SELECT: columns of its result, or a RefusedError. Other errors mean that it could not be found out. */
  checkSql: (tables: { name: string; columns: Column[] }[], query: string) => Promise<Column[]>;
}

export type Validation =
  /** `plan` holds the content of the registered capabilities that it calls; `columns` by table name, inputs and steps. */
  { valid: true; plan: Plan; columns: Map<string, Column[]> } | { valid: false; faults: Fault[] };

/** Checks a whole plan before anything of it runs, and names all of its faults at once. */
export const validatePlan = async (document: unknown, context: PlanContext): Promise<Validation> => {
  const { plan, steps, capabilities: given, outputs, faults } = readPlan(document);
  const inputs = context.inputs.map(({ name }) => name);
  faults.push(...checkGraph(steps, outputs, inputs, context.requested, unreadableIds(document, steps)));
  const { capabilities: placed, offered, faults: unresolved } = await resolveCapabilities(given, steps, context.registry);
  faults.push(...unresolved);
  for (const [at, one] of placed.entries()) faults.push(...(await checkCapability(one, placed.slice(0, at), context.register)));
  const known = capabilitiesWith(placed.map(({ capability }) => capability));
  const capabilities: CapabilityRegistry = { find: (id) => known.find(id), list: () => [...known.list(), ...offered] };
  const definitions = placed.map(({ capability }) => capability);
  faults.push(...checkTemplateCapabilities(placed, { models: context.models, capabilities, definitions }));
  const flow = await flowOfColumns(steps, { ...context, capabilities });
  faults.push(...flow.faults);
  const whole = plan && withContent(plan, placed);
  if (whole && 'fault' in whole) faults.push(whole.fault);
  if (faults.length > 0 || !whole || 'fault' in whole) return { valid: false, faults: faults.slice(0, MOST_FAULTS) };
  return { valid: true, plan: whole.plan, columns: flow.columns };
};

/** More than these help nobody, and have to fit a model's context. */
const MOST_FAULTS = 50;

/** The faults of a plan as one refusal. */
export const refusedPlan = (faults: Fault[], code = 'invalid_plan'): RefusedError => {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const { field, value, allowed } = first ?? { field: 'plan' };
  const message = `The plan is not valid: ${first ? `${first.field} ${first.message}` : 'no reason is known'}${more}.`;
  return new RefusedError(code, message, {
    field,
    faults,
    ...(value === undefined ? {} : { value }),
    ...(allowed === undefined ? {} : { allowed }),
  });
};

const unreadableIds = (document: unknown, readable: PlacedStep[]): ReadonlySet<string> => {
  const { steps } = (document ?? {}) as { steps?: unknown };
  if (!Array.isArray(steps)) return new Set();
  const indexes = new Set(readable.map(({ index }) => index));
  const ids = steps.map((step: unknown, index) => (indexes.has(index) ? undefined : ((step ?? {}) as { id?: unknown }).id));
  return new Set(ids.filter((id) => typeof id === 'string'));
};

/** Follows the columns from the inputs through the steps, and checks each step against what it reads. */
const flowOfColumns = async (
  steps: PlacedStep[],
  context: PlanContext & Pick<TemplateContext, 'capabilities'>,
): Promise<{ faults: Fault[]; columns: Map<string, Column[]> }> => {
  const faults: Fault[] = [];
  const columns = new Map(context.inputs.flatMap(({ name, columns }) => (columns ? [[name, columns] as const] : [])));
  const ordered = inOrder(steps);
  // Steps of a cycle have no place in the order; what can be checked without their input's columns is checked all the same.
  for (const placed of [...ordered, ...steps.filter((placed) => !ordered.includes(placed))]) {
    const { step, index } = placed;
    switch (step.kind) {
      case 'map': {
        const input = columns.get(step.input) ?? null;
        const result = checkTemplate(step, {
          ...context,
          field: `steps[${index}].template`,
          columns: input,
          written: writtenTable(step.input, steps),
        });
        faults.push(...result.faults);
        if (input && result.added) columns.set(step.id, viewOfMap(input, result.added));
        break;
      }
      case 'sql': {
        const tables = [...new Set(step.inputs)].flatMap((name) => {
          const known = columns.get(name);
          return known ? [{ name, columns: known }] : [];
        });
        if (tables.length < new Set(step.inputs).size) break;
        const result = await bind(step.query, tables, index, context);
        if ('fault' in result) faults.push(result.fault);
        else columns.set(step.id, result.columns);
        break;
      }
      case 'split': {
        const result = checkSplitStep(step, `steps[${index}]`, columns.get(step.input) ?? null);
        faults.push(...result.faults);
        if (result.columns) columns.set(step.id, result.columns);
        break;
      }
      case 'reduce': {
        const result = checkReduceStep(step, { ...context, field: `steps[${index}]`, columns: columns.get(step.input) ?? null });
        faults.push(...result.faults);
        if (result.columns) columns.set(step.id, result.columns);
        break;
      }
      case 'table': {
        const result = checkTableStep(step, `steps[${index}].rows`);
        faults.push(...result.faults);
        columns.set(step.id, result.columns);
        break;
      }
    }
  }
  return { faults, columns };
};

const bind = async (
  query: string,
  tables: { name: string; columns: Column[] }[],
  index: number,
  { checkSql }: PlanContext,
): Promise<{ columns: Column[] } | { fault: Fault }> => {
  try {
    return { columns: await checkSql(tables, query) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const allowed = error.details.allowed ?? `one SELECT over ${tables.map(describe).join('; ')}`;
    return { fault: { field: `steps[${index}].query`, message: error.message, value: excerpt(query), allowed: excerpt(allowed, 2_000) } };
  }
};

const describe = ({ name, columns }: { name: string; columns: Column[] }): string =>
  `${name} (${columns.map((column) => column.name).join(', ')})`;
