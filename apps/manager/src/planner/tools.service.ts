import {
  type ErrorPayload,
  type Fault,
  type Plan,
  type TokenUsage,
  ApwaError,
  RefusedError,
  TransientError,
  excerpt,
  workerPoolOperations,
} from '@apwa/contracts';
import { type ToolCall } from '@apwa/model';
import { Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { allowedNames } from '../plans/nearest.js';
import { type AllowUnsafe, faultsOfUnsafe } from '../plans/planned-unsafe.js';
import { PlansService } from '../plans/plans.service.js';
import { type Validation } from '../plans/validate.js';
import { QuestionsService } from '../questions/questions.service.js';
import { faultsOf } from '../shapes/faults.js';
import { type TableRow, TablesRepository, columnsOf, referenceOf, tableView } from '../tables/tables.repository.js';
import { CapabilityToolsService } from './capability-tools.service.js';
import { declined } from './decline.js';
import { cut } from './fence.js';
import { asSearched, search } from './search-text.js';
import { fitRows, listed, shown } from './shown.js';
import { type PlannerTool, QUERY_ROWS, isPlannerTool, plannerTools } from './tool-definitions.js';
import { TriesService } from './tries.service.js';

const REPLY_BYTES = 128 * 1024;
/** Tries of a question that nobody answers just now, and the pause between them. */
const TRIES = 10;
const PAUSE_MS = 1_000;

/** What came of a tool call. `note` is for people who watch. */
export type ToolOutcome =
  | { kind: 'shown'; content: string; note: string }
  | { kind: 'accepted'; plan: Plan; note: string }
  | { kind: 'rejected'; faults: Fault[]; note: string }
  | { kind: 'declined'; error: ErrorPayload; note: string };

/** What the tools work on: the run with its inputs by name, and the steps whose files are asked for. */
export interface ToolContext {
  runId: string;
  inputs: { name: string; table: TableRow }[];
  requested: string[];
  /** Of the run's request. */
  allowUnsafe: AllowUnsafe;
  /** By the turn that is under way, which nothing counts yet. */
  spent: { usage: TokenUsage; costUsd: number };
  signal: AbortSignal;
}

/** Carries out the planner's tool calls. What is wrong with a call is told to the model; it can do better. */
@Injectable()
export class ToolsService {
  constructor(
    private readonly questions: QuestionsService,
    private readonly tables: TablesRepository,
    private readonly plans: PlansService,
    private readonly tries: TriesService,
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
    const look = () => this.look(name, read.value, context);
    try {
      // A try that could not be made is not made again by itself: it may have cost something.
      return name === 'try_template' ? await look() : await patiently(look, context.signal);
    } catch (error) {
      if (context.signal.aborted || !(error instanceof ApwaError)) throw error;
      return mistaken(`${name} did not work (${error.code}): ${cut(error.message, 1_000)}`);
    }
  }

  private async submit(value: unknown, context: ToolContext): Promise<ToolOutcome> {
    const result = await this.check(value, context);
    if (result.valid)
      return { kind: 'accepted', plan: result.plan, note: `submits a plan of ${result.plan.steps.length} steps: it is valid` };
    const { faults } = result;
    return { kind: 'rejected', faults, note: `submits a plan that is not valid: ${inShort(faults)}` };
  }

  private async check(value: unknown, { inputs, requested, allowUnsafe, runId, signal }: ToolContext): Promise<Validation> {
    const document = documentOf(value);
    const brought = broughtCode(document);
    if (brought.length > 0) return { valid: false, faults: brought };
    const columns = inputs.map(({ name, table }) => ({ name, columns: columnsOf(table) }));
    const result = await patiently(() => this.plans.validate(document, columns, requested, signal, runId), signal);
    const faults = result.valid ? faultsOfUnsafe(result.plan, allowUnsafe) : [];
    return faults.length > 0 ? { valid: false, faults } : result;
  }

  private async look(tool: Exclude<PlannerTool, 'submit_plan'>, value: unknown, context: ToolContext): Promise<ToolOutcome> {
    switch (tool) {
      case 'list_tables': {
        const tables = context.inputs.map(({ name, table }) => ({ name, rows: Number(table.rows ?? 0), columns: columnsOf(table) }));
        return shown({ tables: listed(tables) }, 'lists the tables');
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
        return shown({ rows: fitRows(rows), cut }, `looks at ${count} rows of ${table}`);
      }
      case 'query_table': {
        const { query } = plannerTools.query_table.arguments.parse(value);
        const tables = context.inputs.map(({ name, table }) => ({ name, table: reference(table) }));
        const request = { tables, query, maxRows: QUERY_ROWS, maxBytes: REPLY_BYTES };
        const { columns, rows, cut } = await this.questions.ask(workerPoolOperations.queryTables, request, { signal: context.signal });
        return shown({ columns, rows: fitRows(rows), cut }, `asks: ${excerpt(query)}`);
      }
      case 'search_text': {
        const wanted = plannerTools.search_text.arguments.parse(value);
        const table = find(wanted.table, context);
        const tables = asSearched(reference(table));
        const found = await search(wanted, { name: wanted.table, columns: columnsOf(table) }, (query, maxRows) =>
          this.questions.ask(
            workerPoolOperations.queryTables,
            { tables, query, maxRows, maxBytes: REPLY_BYTES },
            { signal: context.signal },
          ),
        );
        return shown(found, `searches ${wanted.table} for ${excerpt(wanted.text, 100)}`);
      }
      case 'try_template':
        return this.try(value, context);
      case 'decline_task': {
        const error = declined(plannerTools.decline_task.arguments.parse(value));
        return { kind: 'declined', error: error.toPayload(), note: `makes no plan: ${excerpt(error.message)}` };
      }
      case 'search_capabilities':
      case 'try_capability':
      case 'build_capability': {
        const { value: found, note } = await this.capabilities.look(tool, value, context);
        return shown(found, note);
      }
    }
  }

  /** A draft with faults is shown them: it is no submission. */
  private async try(value: unknown, context: ToolContext): Promise<ToolOutcome> {
    const { step, rows, plan } = plannerTools.try_template.arguments.parse(value);
    const checked = await this.check({ plan }, context);
    const what = `tries step ${step} on ${rows} rows`;
    if (!checked.valid) return shown({ notTried: 'the draft has faults', faults: checked.faults }, `${what}: ${inShort(checked.faults)}`);
    const tried = await this.tries.try({ plan: checked.plan, step, rows }, context);
    const failed = tried.rows.filter((row) => row._status !== 'ok').length;
    return shown({ ...tried, rows: fitRows(tried.rows) }, `${what}: ${tried.rows.length - failed} ok, ${failed} failed`);
  }
}

/** The first of some faults, for people who watch, and how many there are. */
export const inShort = (faults: Fault[]): string => {
  const [first] = faults;
  return `${first ? `${first.field} ${first.message}` : ''}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''}`;
};

/** What a model wrote runs nowhere but in a sandbox, and calls no address: all other kinds are people's alone. */
const broughtCode = (document: unknown): Fault[] => {
  const { capabilities = [] } = (typeof document === 'object' && document !== null ? document : {}) as { capabilities?: unknown };
  const list: unknown[] = Array.isArray(capabilities) ? capabilities : [capabilities];
  return list.flatMap((one, index): Fault[] => {
    const { kind } = (one ?? {}) as { kind?: unknown };
    if (kind === 'javascript' || kind === 'registered') return [];
    const allowed = 'javascript, registered';
    return [{ field: `capabilities[${index}].kind`, message: 'is not for planners', value: excerpt(kind), allowed }];
  });
};

export const mistaken = (content: string): Extract<ToolOutcome, { kind: 'shown' }> => ({ kind: 'shown', content, note: excerpt(content) });

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

export const readArguments = (text: string): { value: unknown } | { mistake: string } => {
  try {
    // Some models send nothing at all for a tool without arguments.
    return { value: text.trim() === '' ? {} : JSON.parse(text) };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
};

/** The plan in the arguments. Models also send it without `plan` around it, or as text: both are unmistakable. */
export const documentOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('plan' in value)) return value;
  const { plan } = value;
  if (typeof plan !== 'string') return plan;
  const read = readArguments(plan);
  return 'value' in read ? read.value : plan;
};

/** A call of the model has been paid for already: what is unavailable just now is asked for again before the turn is given up. */
export const patiently = async <T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TransientError) || tries === TRIES || signal.aborted) throw error;
      await wait(PAUSE_MS, undefined, { signal });
    }
  }
};
