import { type MapStep, type ReduceStep, type StageWork, type Step, InternalError, callsModel, placeholdersOf } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { checkPrices, termsOf } from '../runs/budget.js';
import { isFollowed } from '../runs/follows.js';
import { type RunRecord, budgetOf, givesRowsOn, planOf, requestOf, tablesByName } from '../runs/run-record.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { orderOfReduce } from '../reduce/orders.js';
import { CONFIG, type Config } from '../settings.js';
import { StagesRepository } from '../stages/stages.repository.js';
import { type TableRow, TablesRepository, columnsOf, referenceOf } from '../tables/tables.repository.js';
import { addedBy } from './assembly.js';
import { type StepOrder } from './step-order.js';
import { templateKey } from './template-key.js';
import { VersionsService } from './versions.service.js';
import { workOfStep } from './work.js';

/** What the making of a step's table begins with. */
@Injectable()
export class StepOrdersService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly tables: TablesRepository,
    private readonly stages: StagesRepository,
    private readonly versions: VersionsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `table`: of a step, or of what was found for one, whose inputs are there. */
  async of(table: TableRow): Promise<StepOrder> {
    const record = table.runId === null ? null : await this.runs.load(table.runId);
    const plan = record && planOf(record);
    const step = plan?.steps.find(({ id }) => id === (table.matchOf ?? table.levelOf ?? table.stepId));
    if (!record || !plan || !step) throw new InternalError('no_step', `Table ${table.id} belongs to no step.`);
    const { concurrency, weight } = requestOf(record).limits;
    const budget = budgetOf(record);
    const terms = {
      ...(budget ? { budget: termsOf(budget, record.turns) } : {}),
      followed: table.matchOf === null && givesRowsOn(record) && isFollowed(step, plan),
      ...(concurrency === undefined ? {} : { maxInFlight: concurrency }),
      ...(weight === undefined ? {} : { weight }),
    };
    const order = await this.begin(record, step, table);
    return order.order === 'stage' ? { order: 'stage', ordered: { ...order.ordered, ...terms } } : order;
  }

  private async begin(record: RunRecord, step: Step, table: TableRow): Promise<StepOrder> {
    if (step.kind === 'reduce') return this.reduce(record, step, table);
    return table.matchOf !== null && step.kind === 'map' ? this.match(record, step, table) : this.step(record, step, table);
  }

  private async reduce(record: RunRecord, step: ReduceStep, table: TableRow): Promise<StepOrder> {
    if (budgetOf(record)?.limits.usd !== undefined) checkPrices(this.config.models, [step.template.model ?? this.config.model]);
    const untouched = table.stepId !== null && !record.levels.some(({ levelOf }) => levelOf === step.id);
    const taken = untouched ? await this.versions.takeOver(record, step, table) : null;
    if (taken?.take === 'all') return { order: 'adopt', made: taken.made, kept: taken.kept, templateKey: taken.templateKey };
    return orderOfReduce(record, step, table, this.config);
  }

  private async step(record: RunRecord, step: Exclude<Step, ReduceStep>, table: TableRow): Promise<StepOrder> {
    const tables = tablesByName(record);
    const { work, resources } = workOfStep(step, tables, await this.making(step, tables), this.config, planOf(record)?.capabilities);
    if (budgetOf(record)?.limits.usd !== undefined && work.kind === 'map' && work.model !== null)
      checkPrices(this.config.models, [work.model]);
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
    const reuse = requestOf(record).reuse ?? 'lineage';
    if (reuse === 'off') return [];
    const runs = reuse === 'any' ? 'any' : reuse === 'lineage' ? [] : reuse.runs;
    const rows = await this.tables.withTemplate(key, earlier, runs);
    const wanted = columnsReadBy(step);
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
      columns: columnsReadBy(step),
      sources,
      output: addedBy(step),
      limits: { memoryMb, timeoutMs },
    };
    return { order: 'stage', ordered: { work, resources: {} } };
  }
}

const columnsReadBy = ({ template }: MapStep): string[] =>
  callsModel(template) ? [...new Set([...(template.instructionColumns ?? []), ...placeholdersOf(template.instructions)])] : [];
