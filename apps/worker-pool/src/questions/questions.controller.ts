import { Controller, Inject } from '@nestjs/common';
import { workerPoolOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { type CheckSqlRequest, type QueryTablesRequest, readPage, type Storage, type TableJobs } from '@apwa/tables';
import { type z } from 'zod';
import { Semaphore } from '../jobs/semaphore.js';
import { STORAGE, TABLE_JOBS } from '../tokens.js';
import { Questions } from './questions.js';

type ReadRows = z.output<typeof workerPoolOperations.readRows.request>;
type DescribeTable = z.output<typeof workerPoolOperations.describeTable.request>;

/** Child processes for questions at once, beside those of stages: an agent that asks is not to wait behind a large import. */
const QUESTIONS_AT_ONCE = 2;

/** Answers small questions about tables. Nothing is written. */
@Controller()
export class QuestionsController {
  readonly #turns = new Semaphore(QUESTIONS_AT_ONCE);

  constructor(
    @Inject(TABLE_JOBS) private readonly jobs: TableJobs,
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly questions: Questions,
  ) {}

  @Handles(workerPoolOperations.queryTables)
  queryTables(request: QueryTablesRequest) {
    return this.#inTurn(() => this.jobs.queryTables(request, within(workerPoolOperations.queryTables.deadlineMs)));
  }

  @Handles(workerPoolOperations.checkSql)
  checkSql(request: CheckSqlRequest) {
    return this.#inTurn(() => this.jobs.checkSql(request, within(workerPoolOperations.checkSql.deadlineMs)));
  }

  @Handles(workerPoolOperations.readRows)
  readRows(request: ReadRows) {
    return this.questions.answer(() => readPage(this.storage, request));
  }

  @Handles(workerPoolOperations.describeTable)
  async describeTable({ table }: DescribeTable) {
    const deadline = within(workerPoolOperations.describeTable.deadlineMs);
    return { metadata: await this.#inTurn(() => this.jobs.describeTable(table, deadline)) };
  }

  #inTurn<Reply>(work: () => Promise<Reply>): Promise<Reply> {
    return this.questions.answer(() => this.#turns.run(work));
  }
}

/** Nobody waits for an answer after the deadline of its question: its process ends with it. */
const within = (deadlineMs: number) => ({ signal: AbortSignal.timeout(deadlineMs) });
