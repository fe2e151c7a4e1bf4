import {
  DEFAULT_SAMPLE_ROWS,
  type MapStep,
  type ReduceStep,
  type ShardRange,
  type StageWork,
  type Step,
  type TableReference,
  InternalError,
  rangesOf,
} from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { chosenRows } from '../quotes/chosen-rows.js';
import { type QuoteTerms, quoteTermsOf } from '../quotes/samples.js';
import { StrataService } from '../quotes/strata.service.js';
import { isSpreadByLength, measuredColumns } from '../quotes/strata.js';
import { checkPrices, termsOf } from '../runs/budget.js';
import { isFollowed } from '../runs/follows.js';
import {
  type RunRecord,
  budgetOf,
  givesRowsOn,
  planOf,
  planningAmountsOf,
  requestOf,
  samplesNow,
  tablesByName,
} from '../runs/run-record.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { orderOfReduce } from '../reduce/orders.js';
import { CONFIG, type Config } from '../settings.js';
import { StagesRepository } from '../stages/stages.repository.js';
import { type TableRow, TablesRepository, columnsOf, referenceOf } from '../tables/tables.repository.js';
import { addedBy } from './assembly.js';
import { columnsReadBy } from './columns-read.js';
import { type StepOrder } from './step-order.js';
import { templateKey } from './template-key.js';
import { VersionsService } from './versions.service.js';
import { workOfStep } from './work.js';

/** Of a request that wants no quote any more, and has samples. */
const NO_TERMS: QuoteTerms = { rows: DEFAULT_SAMPLE_ROWS, step: null };

/** What the making of a step's table begins with. */
@Injectable()
export class StepOrdersService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly tables: TablesRepository,
    private readonly stages: StagesRepository,
    private readonly versions: VersionsService,
    private readonly strata: StrataService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `table`: of a step, or of what was found for one, whose inputs are there. */
  async of(table: TableRow): Promise<StepOrder> {
    const record = table.runId === null ? null : await this.runs.load(table.runId);
    const plan = record && planOf(record);
    const step = plan?.steps.find(({ id }) => id === (table.matchOf ?? table.levelOf ?? table.sampleOf ?? table.stepId));
    if (!record || !plan || !step) throw new InternalError('no_step', `Table ${table.id} belongs to no step.`);
    const { concurrency, weight } = requestOf(record).limits;
    const budget = budgetOf(record);
    const terms = {
      ...(budget ? { budget: termsOf(budget, planningAmountsOf(record)) } : {}),
      followed: table.stepId !== null && givesRowsOn(record) && isFollowed(step, plan, record.run.amendmentsAllowed > 0),
      ...(concurrency === undefined ? {} : { maxInFlight: concurrency }),
      ...(weight === undefined ? {} : { weight }),
    };
    const order = await this.begin(record, step, table);
    return order.order === 'stage' ? { order: 'stage', ordered: { ...order.ordered, ...terms } } : order;
  }

  private async begin(record: RunRecord, step: Step, table: TableRow): Promise<StepOrder> {
    if (step.kind === 'reduce') return this.reduce(record, step, table);
    if (table.matchOf !== null && step.kind === 'map') return this.match(record, step, table);
    return table.sampleOf === null ? this.step(record, step, table) : this.sample(record, step);
  }

  private async reduce(record: RunRecord, step: ReduceStep, table: TableRow): Promise<StepOrder> {
    if (budgetOf(record)?.limits.usd !== undefined) checkPrices(this.config.models, [step.template.model ?? this.config.model]);
    const untouched = table.stepId !== null && !record.levels.some(({ levelOf }) => levelOf === step.id);
    const taken = untouched ? await this.versions.takeOver(record, step, table) : null;
    if (taken?.take === 'all') return { order: 'adopt', made: taken.made, kept: taken.kept, templateKey: taken.templateKey };
    const versions = record.steps.find(({ stepId }) => stepId === step.id)?.earlier ?? [];
    return orderOfReduce(record, step, table, this.config, async (key) =>
      versions.length > 0 ? this.tables.answersInLevels(step.id, key, versions, record.run.id) : [],
    );
  }

  /** A step as it is run for a quote: of a map some rows, in the places that they have in its input. */
  private async sample(record: RunRecord, step: Exclude<Step, ReduceStep>): Promise<StepOrder> {
    const tables = new Map([...tablesByName({ ...record, steps: [] }), ...samplesNow(record)]);
    const { work, resources } = workOfStep(step, tables, null, this.config, planOf(record)?.capabilities);
    if (work.kind !== 'map' || step.kind !== 'map') return { order: 'stage', ordered: { work, resources } };
    this.checkPrices(record, work);
    const input = tables.get(step.input);
    const rows = await this.sampledRows(record, step, input, work.input.rows);
    const key = templateKey(work, this.config);
    const redo = rows.length === 0 ? {} : { redo: { rows, from: await this.sampledBefore(record, input, key) } };
    return { order: 'stage', ordered: { work: { ...work, ...redo }, resources, templateKey: key } };
  }

  /** Results of the same rows of the same table, where the run may take them: they have the same numbers. */
  private async sampledBefore(record: RunRecord, input: TableRow | undefined, key: string | null): Promise<TableReference[]> {
    const runs = reusedRuns(record);
    if (key === null || !input || runs.length === 0) return [];
    const rows = await this.tables.withTemplate(key, [], runs);
    return rows.filter(({ inputs }) => inputs.length === 1 && inputs[0] === input.id).flatMap((row) => referenceOf(row) ?? []);
  }

  /** Of what is a sample already, all of it; else short and long rows, or such as are spread over the table. */
  private async sampledRows(record: RunRecord, step: MapStep, input: TableRow | undefined, rows: number): Promise<ShardRange[]> {
    const made = input?.sampleOf != null && input.stageId !== null ? (await this.stages.submission(input.stageId)).work : null;
    if (made?.kind === 'map') return rangesOf(made);
    const terms = quoteTermsOf(requestOf(record)) ?? NO_TERMS;
    const plan = planOf(record);
    const byLength =
      input && plan && rows > terms.rows && isSpreadByLength(plan, terms)
        ? await this.strata.of(input, measuredColumns(step, columnsOf(input), terms), terms.rows)
        : null;
    return byLength?.map(({ row }) => ({ first: row, last: row })) ?? chosenRows(rows, terms.rows);
  }

  private checkPrices(record: RunRecord, work: StageWork): void {
    if (budgetOf(record)?.limits.usd !== undefined && work.kind === 'map' && work.model !== null)
      checkPrices(this.config.models, [work.model]);
  }

  private async step(record: RunRecord, step: Exclude<Step, ReduceStep>, table: TableRow): Promise<StepOrder> {
    const tables = tablesByName(record);
    const { work, resources } = workOfStep(step, tables, await this.making(step, tables), this.config, planOf(record)?.capabilities);
    this.checkPrices(record, work);
    const key = work.kind === 'map' ? templateKey(work, this.config) : null;
    const taken = await this.versions.takeOver(record, step, table);
    switch (taken.take) {
      case 'all':
        return { order: 'adopt', made: taken.made, kept: taken.kept, templateKey: taken.templateKey };
      case 'rest': {
        const same = taken.templateKeys.every((one) => one === key);
        const rest: StageWork = work.kind === 'map' ? { ...work, redo: taken.redo } : work;
        return { order: 'stage', ordered: { work: rest, resources, kept: taken.kept, templateKey: same ? key : null } };
      }
      case 'nothing':
        break;
    }
    const found = record.matches.find(({ matchOf }) => matchOf === step.id);
    if (work.kind !== 'map' || step.kind !== 'map' || key === null || work.input.rows === 0)
      return { order: 'stage', ordered: { work, resources } };
    const reference = found && referenceOf(found);
    if (reference) {
      const rows = [{ first: 0, last: work.input.rows - 1 }];
      return { order: 'stage', ordered: { work: { ...work, redo: { rows, from: [reference] } }, resources, templateKey: key } };
    }
    const sources = found ? [] : await this.sources(record, step, table, key);
    return sources.length > 0
      ? { order: 'match', stepId: step.id, sources }
      : { order: 'stage', ordered: { work, resources, templateKey: key } };
  }

  /** What makes the input of a map, where that is being made. */
  private async making(step: Step, tables: ReadonlyMap<string, TableRow>): Promise<StageWork | null> {
    const input = step.kind === 'map' ? tables.get(step.input) : undefined;
    if (input?.state !== 'writing' || input.stageId === null) return null;
    return (await this.stages.submission(input.stageId)).work;
  }

  /** Tables in which rows may have the step's results, the preferred ones first. */
  private async sources(record: RunRecord, step: MapStep, { earlier }: TableRow, key: string): Promise<string[]> {
    // What a quote or a try has asked is not asked again, whatever else is taken.
    const samples = [...record.samples, ...record.tries].map(({ id }) => id);
    const own = requestOf(record).reuse === 'off' ? samples : [...samples, ...earlier];
    const rows = await this.tables.withTemplate(key, own, reusedRuns(record));
    const wanted = columnsReadBy(step, columnsOf(tablesByName(record).get(step.input) ?? { columns: null }));
    return rows.filter((row) => wanted.every((name) => columnsOf(row).some((column) => column.name === name))).map(({ id }) => id);
  }

  private async match(record: RunRecord, step: MapStep, { earlier }: TableRow): Promise<StepOrder> {
    const { memoryMb, timeoutMs } = this.config.limits.sql;
    const input = tablesByName(record).get(step.input);
    const reference = input && referenceOf(input);
    if (!reference) throw new InternalError('input_not_ready', `Results for step ${step.id} were looked for before its input was there.`);
    const rows = await Promise.all(earlier.map((id) => this.tables.findRow(id)));
    const sources = rows.flatMap((row) => (row && referenceOf(row)) ?? []);
    const work: StageWork = {
      kind: 'match',
      input: reference,
      columns: columnsReadBy(step, columnsOf(input)),
      sources,
      output: addedBy(step),
      limits: { memoryMb, timeoutMs },
    };
    return { order: 'stage', ordered: { work, resources: {} } };
  }
}

/** Runs whose results the run may take, apart from those that it follows. */
const reusedRuns = (record: RunRecord): string[] | 'any' => {
  const { reuse = 'lineage' } = requestOf(record);
  if (typeof reuse === 'object') return reuse.runs;
  return reuse === 'any' ? 'any' : [];
};
