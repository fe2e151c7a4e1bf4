import {
  type JsonValue,
  type MapStep,
  type Plan,
  PermanentError,
  RefusedError,
  type RowValues,
  type Step,
  InternalError,
  executorOperations,
  workerPoolOperations,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Injectable } from '@nestjs/common';
import { PlanVersionsRepository } from '../plans/plan-versions.repository.js';
import { QuestionsService } from '../questions/questions.service.js';
import { columnsReadBy } from '../production/columns-read.js';
import { type RunRecord, planOf, requestOf, samplesNow } from '../runs/run-record.js';
import { type TableRow, TablesRepository, columnsOf, referenceOf } from '../tables/tables.repository.js';
import { type QuoteFacts, type SampledRow, type SampledStep, quoteOf } from './quote.js';
import { StrataService } from './strata.service.js';
import { isSpreadByLength, measuredColumns, sizeSql } from './strata.js';
import { type QuoteTerms, type Sample, asksModel, quoteTermsOf, samplesOf } from './samples.js';

/** JSON of a reply: it must fit a NATS message. */
const REPLY_BYTES = 512 * 1024;
const REPLY_ROWS = 1_000;

/** Makes quotes: begins their samples, and says what those lead to expect of the whole. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly tables: TablesRepository,
    private readonly versions: PlanVersionsRepository,
    private readonly questions: QuestionsService,
    private readonly strata: StrataService,
    private readonly messaging: Messaging,
  ) {}

  /** Writes down the tables of the samples that are missing. A second time nothing is written. */
  async begin(record: RunRecord): Promise<void> {
    const { plan, terms } = wantedOf(record);
    const there = samplesNow(record);
    const ids = new Map([
      ...record.inputs.map(({ name, table }) => [name, table.id] as const),
      ...[...there].map(([name, { id }]) => [name, id] as const),
    ]);
    await this.tables.createSamples(
      { runId: record.run.id, version: record.run.planVersion, ids, plan },
      samplesOf(plan, terms).filter(({ step }) => !there.has(step)),
    );
  }

  /** All samples are there: the quote is written down with the version of the plan that it is of. */
  async make(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { plan, terms } = wantedOf(record);
    const samples = samplesOf(plan, terms);
    const tables = samplesNow(record);
    const facts: QuoteFacts = {
      plan,
      rows: new Map([
        ...record.inputs.map(({ name, table }) => [name, Number(table.rows ?? 0)] as const),
        ...samples.filter(({ of }) => of === 'whole').map(({ step }) => [step, Number(tables.get(step)?.rows ?? 0)] as const),
      ]),
      chunks: await this.chunks(plan, samples, tables, signal),
      sampled: await this.sampled(record, { plan, terms }, samples, tables, signal),
      slots: await this.slots(record, signal),
      only: terms.step === null ? null : new Set(samples.map(({ step }) => step)),
    };
    await this.versions.quote(record.run.id, record.run.planVersion, quoteOf(facts));
  }

  private async sampled(
    record: RunRecord,
    { plan, terms }: Sampling,
    samples: Sample[],
    tables: ReadonlyMap<string, TableRow>,
    signal: AbortSignal,
  ): Promise<Map<string, SampledStep>> {
    const found = new Map<string, SampledStep>();
    for (const { step: id, of } of samples) {
      const step = plan.steps.find((one) => one.id === id);
      const table = tables.get(id);
      if (of === 'rows' && step?.kind === 'map' && asksModel(step) && table)
        found.set(id, await this.sampledStep(step, table, chainOf(step, plan, record, samples, tables), { plan, terms }, signal));
    }
    return found;
  }

  private async sampledStep(
    step: MapStep,
    table: TableRow,
    chain: Chain | null,
    context: Sampling,
    signal: AbortSignal,
  ): Promise<SampledStep> {
    const root = chain?.root ?? null;
    const columns = root ? columnsOf(root) : [];
    const shown = columnsReadBy(step, columns).filter((name) => columns.some((column) => column.name === name));
    const size = sizeSql(shown);
    const query = `SELECT "_row", "_status", "_attempts", "_input_tokens" + "_output_tokens" AS tokens, "_cost_usd", "_latency_ms", ${size} AS size FROM sample`;
    const rows = await this.ask(table, 'sample', query, signal);
    const weights = chain
      ? await this.weights(
          rows.map(({ _row }) => numberOf(_row)),
          chain,
          context,
          signal,
        )
      : null;
    const tookMs = (table.finishedAt?.getTime() ?? 0) - (table.startedAt?.getTime() ?? 0);
    return {
      tableId: table.id,
      tookMs,
      rows: rows.map((row, index) => rowOf(row, weights?.[index] ?? 1)),
      all: root && shown.length > 0 ? await this.all(root, shown, size, signal) : null,
    };
  }

  /** How many rows each of some stands for; null where they were not chosen by their lengths, and stand for as many each. */
  private async weights(rows: number[], { root, first }: Chain, { plan, terms }: Sampling, signal: AbortSignal): Promise<number[] | null> {
    if (rows.length >= Number(root.rows ?? 0) || !isSpreadByLength(plan, terms)) return null;
    const places = await this.strata.of(root, measuredColumns(first, columnsOf(root), terms), terms.rows, signal);
    const known = new Map(places?.map(({ row, weight }) => [row, weight]));
    const found = rows.flatMap((row) => known.get(row) ?? []);
    return found.length === rows.length ? found : null;
  }

  /** What a look at the whole table tells; null where that takes too long, or more than a member may have. */
  private async all(root: TableRow, shown: string[], size: string, signal: AbortSignal): Promise<SampledStep['all']> {
    const query = `SELECT avg(${size}) AS size, count(DISTINCT hash(${shown.map(quoted).join(', ')})) AS n FROM whole`;
    try {
      const [row] = await this.ask(root, 'whole', query, signal);
      return row ? { size: numberOf(row.size), distinct: numberOf(row.n) } : null;
    } catch (thrown) {
      if (thrown instanceof PermanentError || thrown instanceof RefusedError) return null;
      throw thrown;
    }
  }

  /** Of each text that was split how many chunks it has: as many texts have a chunk of a number as have so many chunks. */
  private async chunks(
    plan: Plan,
    samples: Sample[],
    tables: ReadonlyMap<string, TableRow>,
    signal: AbortSignal,
  ): Promise<Map<string, number[]>> {
    const found = new Map<string, number[]>();
    for (const { step: id, of } of samples) {
      const step = plan.steps.find((one) => one.id === id);
      const table = tables.get(id);
      const texts = step?.kind === 'split' ? tables.get(step.input) : undefined;
      if (of !== 'rows' || step?.kind !== 'split' || !table || !texts) continue;
      const rows = await this.ask(table, 'chunks', `SELECT "chunk", count(*) AS n FROM chunks GROUP BY 1 ORDER BY 1`, signal);
      const having = rows.map(({ n }) => numberOf(n));
      found.set(
        id,
        Array.from({ length: Number(texts.rows ?? 0) }, (_, text) => having.filter((n) => n > text).length),
      );
    }
    return found;
  }

  private async ask(table: TableRow, name: string, query: string, signal: AbortSignal): Promise<RowValues[]> {
    const reference = referenceOf(table);
    if (!reference) throw new InternalError('sample_not_ready', `Table ${table.id} was asked about before it was there.`);
    const request = { tables: [{ name, table: reference }], query, maxRows: REPLY_ROWS, maxBytes: REPLY_BYTES };
    return (await this.questions.ask(workerPoolOperations.queryTables, request, { signal })).rows;
  }

  private async slots(record: RunRecord, signal: AbortSignal): Promise<number> {
    const { pools } = await this.messaging.request(executorOperations.listPools, {}, { signal });
    const there = pools.reduce((sum, pool) => sum + pool.slots.total, 0);
    return Math.max(1, Math.min(there, requestOf(record).limits.concurrency ?? Infinity));
  }
}

const wantedOf = (record: RunRecord): { plan: Plan; terms: QuoteTerms } => {
  const plan = planOf(record);
  const terms = quoteTermsOf(requestOf(record));
  if (!plan || !terms) throw new InternalError('no_quote', `Run ${record.run.id} has no plan to quote, or wants none.`);
  return { plan, terms };
};

/** A table whose rows, all of them, go through a step one by one, and the first map that they go through. */
interface Chain {
  root: TableRow;
  first: MapStep;
}

interface Sampling {
  plan: Plan;
  terms: QuoteTerms;
}

/** Null where the table is a sample itself. */
const chainOf = (map: MapStep, plan: Plan, record: RunRecord, samples: Sample[], tables: ReadonlyMap<string, TableRow>): Chain | null => {
  const step: Step | undefined = plan.steps.find(({ id }) => id === map.input);
  if (step?.kind === 'map') return chainOf(step, plan, record, samples, tables);
  const isWhole = samples.some((sample) => sample.step === map.input && sample.of === 'whole');
  const root = step ? (isWhole ? tables.get(map.input) : undefined) : record.inputs.find(({ name }) => name === map.input)?.table;
  return root ? { root, first: map } : null;
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const numberOf = (value: JsonValue | undefined): number => Number(value ?? 0);

const rowOf = (row: RowValues, weight: number): SampledRow => ({
  failed: row._status !== 'ok',
  calls: numberOf(row._attempts),
  tokens: numberOf(row.tokens),
  costUsd: numberOf(row._cost_usd),
  latencyMs: numberOf(row._latency_ms),
  size: numberOf(row.size),
  weight,
});
