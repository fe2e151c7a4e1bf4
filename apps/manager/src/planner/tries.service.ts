import {
  type Budget,
  type Estimate,
  type MapStep,
  type Plan,
  RefusedError,
  type Run,
  RunRequest,
  type StepQuote,
  TransientError,
  type TokenUsage,
  addAmounts,
  isTerminal,
  newId,
  tokensOf,
  workerPoolOperations,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { allowedNames } from '../plans/nearest.js';
import { columnsReadBy } from '../production/columns-read.js';
import { QuestionsService } from '../questions/questions.service.js';
import { spentOf } from '../runs/quote-view.js';
import { RunEvents } from '../runs/run-events.js';
import { type RunRecord, budgetOf, planningAmountsOf, requestOf, samplesNow, tablesByName, viewOf } from '../runs/run-record.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { asksModel, samplesOf } from '../quotes/samples.js';
import { columnsOf, referenceOf } from '../tables/tables.repository.js';
import { shorten } from './fence.js';
import { MAX_TRIES } from './try-template.js';

/** The longest that a try may take, in milliseconds. */
const TRY_MS = 180_000;
/** Tokens that a try may take where the run has no budget in tokens: a few rows of agents. */
const TRY_TOKENS = 500_000;
/** Nobody may have said that it ended: another manager may bring it to its end. Milliseconds. */
const LOOK_MS = 1_000;
const REPLY_BYTES = 128 * 1024;
/** Of a field of the record that was tried. */
const INPUT_CHARACTERS = 300;

const SHOWN_MACHINERY: readonly string[] = ['_row', '_status', '_error_code', '_error', '_attempts'];

export interface Try {
  plan: Plan;
  step: string;
  rows: number;
}

/** The run for which it is, and what the turn has spent that asks for it. */
export interface For {
  runId: string;
  spent: { usage: TokenUsage; costUsd: number };
  signal: AbortSignal;
}

/** What came of a try, as the planner sees it. */
export interface Tried {
  step: string;
  /** Of the rows that were asked now: those of an earlier try with the same template cost nothing again. */
  spent: { calls: number; tokens: number; costUsd: number };
  /** What all rows of the step lead to expect, the tried ones counted. */
  whole: object | null;
  /** The tables that were made before it, as a whole or of the tried rows alone. */
  before: { step: string; rows: number; of: 'whole' | 'rows' }[];
  /** Last, for they are what is cut if all of it is too much. */
  rows: Record<string, unknown>[];
}

/**
 * Tries steps of drafts. A try is a run of its own over the planned run's inputs, which ends with the sample that a quote is made of: so it
 * is brought to its end by the same machinery. What it costs is the planned run's cost, and that run takes its rows over.
 */
@Injectable()
export class TriesService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly questions: QuestionsService,
    private readonly events: RunEvents,
  ) {}

  /** RefusedError where it cannot be tried, or was cut off; otherwise as the try's run ends. */
  async try(wanted: Try, { runId, spent, signal }: For): Promise<Tried> {
    const step = checkedStep(wanted);
    const record = await this.runs.load(runId);
    if (!record) throw new RefusedError('not_found', `There is no run ${runId}.`);
    const earlier = await this.runs.triesOf(runId);
    if (earlier.length >= MAX_TRIES)
      throw new RefusedError('too_many_tries', `${MAX_TRIES} tries were made, and there are no more; submit the plan as it is`);
    const id = newId('run');
    const inputs = record.inputs.map(({ name, table }) => ({ name, tableId: table.id }));
    await this.runs.create(id, requestFor(wanted, record, earlier, spent), inputs, wanted.plan, { tryOf: runId });
    this.events.begun(id);
    const ended = await this.end(id, signal);
    return this.tried(ended, wanted, step, signal);
  }

  /** The try's run at its end. Whoever gives up waiting ends it. */
  private async end(id: string, signal: AbortSignal): Promise<RunRecord> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]);
    for (;;) {
      const record = await this.runs.load(id);
      if (!record) throw new RefusedError('not_found', `The run ${id} of the try is gone.`);
      const { state, paused, error } = viewOf(record);
      if (isTerminal(state)) return record;
      if (paused) {
        await this.cancel(id);
        throw new RefusedError('try_stopped', `the try was stopped: ${paused.message}`);
      }
      if (error) throw failed(error);
      if (limited.aborted) {
        await this.cancel(id);
        signal.throwIfAborted();
        throw new RefusedError(
          'try_stopped',
          `the try was stopped: it took longer than ${TRY_MS / 1_000} s. It counts as one, and its rows are lost; as it is it would be stopped again, so submit the plan, or try a step that takes less`,
        );
      }
      await this.news(id, limited);
    }
  }

  private async news(id: string, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = this.events.listen(id, () => done());
      const timer = setTimeout(() => done(), LOOK_MS);
      const done = (): void => {
        end();
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done);
    });
  }

  private async cancel(id: string): Promise<void> {
    await this.runs.requestCancel(id, 'a try that nobody waits for any more');
    this.events.begun(id);
  }

  private async tried(record: RunRecord, { step, plan, rows }: Try, map: MapStep, signal: AbortSignal): Promise<Tried> {
    const { error, quote } = viewOf(record);
    if (error) throw failed(error);
    const tables = samplesNow(record);
    const table = tables.get(step);
    const reference = table && referenceOf(table);
    if (!reference) throw new TransientError('no_sample', `step ${step} was not run`);
    const request = { tables: [{ name: 'tried', table: reference }], query: 'SELECT * FROM tried', maxRows: rows, maxBytes: REPLY_BYTES };
    const reply = await this.questions.ask(workerPoolOperations.queryTables, request, { signal });
    const input = columnsOf(tables.get(map.input) ?? tablesByName(record).get(map.input) ?? { columns: null });
    const shownOfInput = columnsReadBy(map, input);
    const isShown = (name: string): boolean => {
      if (name.startsWith('_')) return SHOWN_MACHINERY.includes(name);
      return shownOfInput.includes(name) || !input.some((column) => column.name === name);
    };
    const spent = spentOf(record.samples);
    const whole = quote?.steps.find((one) => one.step === step);
    return {
      step,
      spent: { calls: spent.calls, tokens: tokensOf(spent.usage), costUsd: rounded(spent.costUsd) },
      whole: whole ? wholeOf(whole) : null,
      before: samplesOf(plan, { rows, step }).flatMap((sample) =>
        sample.step === step ? [] : [{ step: sample.step, rows: Number(tables.get(sample.step)?.rows ?? 0), of: sample.of }],
      ),
      rows: reply.rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).flatMap(([name, value]) => {
            if (!isShown(name)) return [];
            // What was asked about is there to tell the answers apart; the planner can look it up.
            return [[name, shownOfInput.includes(name) ? shorten(value, INPUT_CHARACTERS) : value]];
          }),
        ),
      ),
    };
  }
}

/** Figures, not more exact than they are. */
const rounded = (value: number): number => Number(value.toPrecision(3));

const wholeOf = ({ rows, calls, tokens, costUsd }: StepQuote): object => {
  const figures = ({ low, expected, high }: Estimate) => ({ low: rounded(low), expected: rounded(expected), high: rounded(high) });
  return { rows: Math.round(rows.expected), calls: figures(calls), tokens: figures(tokens), costUsd: figures(costUsd) };
};

const checkedStep = ({ plan, step: id, rows }: Try): MapStep => {
  const maps = plan.steps.flatMap((step) => (step.kind === 'map' && asksModel(step) ? [step] : []));
  const step = maps.find((one) => one.id === id);
  const names = maps.map((one) => one.id);
  if (!step) {
    const allowed = allowedNames(id, names);
    const message = `the draft has no map step ${id} that calls a model; those that do: ${allowed}`;
    throw new RefusedError('unknown_step', message, { field: 'step', value: id, allowed });
  }
  if (!samplesOf(plan, { rows, step: id }).some((sample) => sample.step === id))
    throw new RefusedError(
      'cannot_be_tried',
      `step ${id} cannot be tried: it reads the result of a reduce, or it or a step before it calls a capability that has effects`,
      { field: 'step', value: id },
    );
  return step;
};

const requestFor = ({ plan, step, rows }: Try, record: RunRecord, earlier: string[], spent: For['spent']): RunRequest => {
  const { limits } = requestOf(record);
  return RunRequest.parse({
    goal: `Try step ${step} of a draft of the plan for run ${record.run.id}`,
    plan,
    // What they are made of is there; the run's own list says which tables they are.
    inputs: record.inputs.map(({ name, table }) => ({ name, table: table.id })),
    limits,
    budget: budgetFor(record, spent),
    quote: { rows, step },
    stopAfter: 'planning',
    ...(earlier.length > 0 ? { reuse: { runs: earlier } } : {}),
  });
};

/** What the run has left. */
const budgetFor = (record: RunRecord, turn: For['spent']): Budget => {
  const limits = budgetOf(record)?.limits;
  const spent = addAmounts(planningAmountsOf(record), { usd: turn.costUsd, tokens: tokensOf(turn.usage), rows: 0 });
  const left = (limit: 'usd' | 'tokens'): number | undefined => {
    const most = limits?.[limit];
    if (most === undefined) return undefined;
    if (most - spent[limit] > 0) return most - spent[limit];
    throw new RefusedError('budget_used_up', `the run's budget in ${limit === 'usd' ? 'money' : 'tokens'} is used up`, {
      field: `budget.${limit}`,
      value: most,
    });
  };
  const usd = left('usd');
  return {
    ...(usd === undefined ? {} : { usd: Math.max(usd, 0.000_001) }),
    tokens: Math.min(Math.ceil(left('tokens') ?? TRY_TOKENS), TRY_TOKENS),
  };
};

const failed = ({ code, message }: NonNullable<Run['error']>): RefusedError =>
  new RefusedError('try_failed', `the try failed (${code}): ${message}`);
