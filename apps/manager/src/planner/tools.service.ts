import { type Fault, type Plan, ApwaError, RefusedError, TransientError, excerpt, workerPoolOperations } from '@apwa/contracts';
import { type ToolCall } from '@apwa/model';
import { Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { allowedNames } from '../plans/nearest.js';
import { PlansService } from '../plans/plans.service.js';
import { QuestionsService } from '../questions/questions.service.js';
import { faultsOf } from '../shapes/faults.js';
import { type TableRow, TablesRepository, columnsOf, referenceOf, tableView } from '../tables/tables.repository.js';
import { CapabilityToolsService } from './capability-tools.service.js';
import { cut, fence, shortenValues } from './fence.js';
import { type PlannerTool, QUERY_ROWS, isPlannerTool, plannerTools } from './tool-definitions.js';

/** What a tool may show at once, in characters: some thousand tokens. */
const RESULT_CHARACTERS = 8_000;
/** The longest value in a preview or an answer. */
const VALUE_CHARACTERS = 400;
const REPLY_BYTES = 128 * 1024;
/** Tries of a question that nobody answers just now, and the pause between them. */
const TRIES = 10;
const PAUSE_MS = 1_000;

/** What came of a tool call. `note` is for people who watch. */
export type ToolOutcome =
  | { kind: 'shown'; content: string; note: string }
  | { kind: 'accepted'; plan: Plan; note: string }
  | { kind: 'rejected'; faults: Fault[]; note: string };

/** What the tools work on: the run's inputs by name, the steps whose files are asked for, and the run. */
export interface ToolContext {
  inputs: { name: string; table: TableRow }[];
  requested: string[];
  runId: string;
  signal: AbortSignal;
}

/** Carries out the planner's tool calls. What is wrong with a call is told to the model; it can do better. */
@Injectable()
export class ToolsService {
  constructor(
    private readonly questions: QuestionsService,
    private readonly tables: TablesRepository,
    private readonly plans: PlansService,
    private readonly capabilities: CapabilityToolsService,
  ) {}

  async call({ name, arguments: text }: ToolCall, context: ToolContext): Promise<ToolOutcome> {
    if (!isPlannerTool(name)) return mistaken(`There is no tool ${excerpt(name, 60)}. Tools: ${Object.keys(plannerTools).join(', ')}.`);
    const read = readArguments(text);
    if ('mistake' in read) return mistaken(`The arguments of ${name} are not JSON: ${read.mistake}. Call it again.`);
    if (name === 'submit_plan') return this.submit(read.value, context);
    const parsed = plannerTools[name].arguments.safeParse(read.value);
    if (!parsed.success)
      return mistaken(
        `The arguments of ${name} are wrong: ${JSON.stringify(faultsOf(parsed.error, read.value, plannerTools[name].arguments, 'arguments'))}`,
      );
    try {
      return await patiently(() => this.look(name, read.value, context), context.signal);
    } catch (error) {
      if (context.signal.aborted || !(error instanceof ApwaError)) throw error;
      return mistaken(`${name} did not work (${error.code}): ${cut(error.message, 1_000)}`);
    }
  }

  private async submit(value: unknown, { inputs, requested, runId, signal }: ToolContext): Promise<ToolOutcome> {
    const columns = inputs.map(({ name, table }) => ({ name, columns: columnsOf(table) }));
    const document = documentOf(value);
    const brought = broughtCode(document);
    if (brought) return brought;
    const result = await patiently(() => this.plans.validate(document, columns, requested, signal, runId), signal);
    if (result.valid) {
      return { kind: 'accepted', plan: result.plan, note: `submits a plan of ${result.plan.steps.length} steps: it is valid` };
    }
    const { faults } = result;
    const [first] = faults;
    const note = `submits a plan that is not valid: ${first ? `${first.field} ${first.message}` : ''}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''}`;
    return { kind: 'rejected', faults, note };
  }

  private async look(tool: Exclude<PlannerTool, 'submit_plan'>, value: unknown, context: ToolContext): Promise<ToolOutcome> {
    switch (tool) {
      case 'list_tables': {
        const tables = context.inputs.map(({ name, table }) => ({ name, rows: Number(table.rows ?? 0), columns: columnsOf(table) }));
        return shown({ tables }, 'lists the tables');
      }
      case 'describe_table': {
        const { table } = plannerTools.describe_table.arguments.parse(value);
        const row = await this.tables.find(find(table, context).id);
        return shown({ name: table, ...(row ? tableView(row).metadata : null) }, `describes ${table}`);
      }
      case 'preview_rows': {
        const { table, first, count } = plannerTools.preview_rows.arguments.parse(value);
        const request = { table: reference(find(table, context)), first, count, maxBytes: REPLY_BYTES };
        const { rows, cut } = await this.questions.ask(workerPoolOperations.readRows, request, { signal: context.signal });
        return shown({ rows: rows.map((item) => shortenValues(item, VALUE_CHARACTERS)), cut }, `looks at ${count} rows of ${table}`);
      }
      case 'query_table': {
        const { query } = plannerTools.query_table.arguments.parse(value);
        const tables = context.inputs.map(({ name, table }) => ({ name, table: reference(table) }));
        const request = { tables, query, maxRows: QUERY_ROWS, maxBytes: REPLY_BYTES };
        const { columns, rows, cut } = await this.questions.ask(workerPoolOperations.queryTables, request, { signal: context.signal });
        const short = rows.map((item) => shortenValues(item, VALUE_CHARACTERS));
        return shown({ columns, rows: short, cut }, `asks: ${excerpt(query)}`);
      }
      case 'search_capabilities':
      case 'try_capability':
      case 'build_capability': {
        const { value: found, note } = await this.capabilities.look(tool, value, context);
        return shown(found, note);
      }
    }
  }
}

/** What a model wrote runs nowhere but in a sandbox, and calls no address: all other kinds are people's alone. */
const broughtCode = (document: unknown): ToolOutcome | null => {
  const { capabilities = [] } = (typeof document === 'object' && document !== null ? document : {}) as { capabilities?: unknown };
  const list: unknown[] = Array.isArray(capabilities) ? capabilities : [capabilities];
  const faults = list.flatMap((one, index): Fault[] => {
    const { kind } = (one ?? {}) as { kind?: unknown };
    if (kind === 'javascript' || kind === 'registered') return [];
    const allowed = 'javascript, registered';
    return [{ field: `capabilities[${index}].kind`, message: 'is not for planners', value: excerpt(kind), allowed }];
  });
  return faults.length > 0 ? { kind: 'rejected', faults, note: 'submits a plan that brings what only people may' } : null;
};

const mistaken = (content: string): ToolOutcome => ({ kind: 'shown', content, note: excerpt(content) });

const shown = (value: object, note: string): ToolOutcome => ({
  kind: 'shown',
  content: fence(cut(JSON.stringify(value), RESULT_CHARACTERS)),
  note,
});

const find = (name: string, { inputs }: ToolContext): TableRow => {
  const input = inputs.find((item) => item.name === name);
  if (input) return input.table;
  const allowed = allowedNames(
    name,
    inputs.map((item) => item.name),
  );
  throw new RefusedError('unknown_table', `there is no table ${name}; tables: ${allowed}`, { field: 'table', value: name, allowed });
};

const reference = (table: TableRow) => {
  const found = referenceOf(table);
  if (!found) throw new RefusedError('table_not_ready', `table ${table.name} cannot be read yet`, { field: 'table', value: table.name });
  return found;
};

const readArguments = (text: string): { value: unknown } | { mistake: string } => {
  try {
    // Some models send nothing at all for a tool without arguments.
    return { value: text.trim() === '' ? {} : JSON.parse(text) };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
};

/** The plan in the arguments. Models also send it without `plan` around it, or as text: both are unmistakable. */
const documentOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('plan' in value)) return value;
  const { plan } = value;
  if (typeof plan !== 'string') return plan;
  const read = readArguments(plan);
  return 'value' in read ? read.value : plan;
};

/** A call of the model has been paid for already: what is unavailable just now is asked for again before the turn is given up. */
const patiently = async <T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TransientError) || tries === TRIES || signal.aborted) throw error;
      await wait(PAUSE_MS, undefined, { signal });
    }
  }
};
