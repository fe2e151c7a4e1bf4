import { ApwaError, type JsonObject, type RowValues, TransientError, workerPoolOperations } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { shortenValues } from '../planner/fence.js';
import { QuestionsService } from '../questions/questions.service.js';
import { type RunRecord } from '../runs/run-record.js';
import { columnsOf, referenceOf } from '../tables/tables.repository.js';
import { type Samples } from './summary.js';

/** Rows of each code that are shown, of those that failed together, and of those that are ok. */
const OF_A_CODE = 2;
const FAILED = 6;
const OK = 5;
const VALUE_CHARACTERS = 300;
const REPLY_BYTES = 64 * 1024;
/** Columns of the machinery that say something of a row. */
const TELLING = new Set(['_row', '_status', '_error_code', '_error']);

const NONE: Samples = { ok: [], failed: [] };

/** Some rows of what a step made, for who looks at it. */
@Injectable()
export class SamplesService {
  constructor(private readonly questions: QuestionsService) {}

  /** None of a table of which nothing can be read. TransientError: nobody answers just now. */
  async of({ steps }: Pick<RunRecord, 'steps'>, stepId: string, signal: AbortSignal): Promise<Samples> {
    const table = steps.find((one) => one.stepId === stepId);
    const reference = table && referenceOf(table);
    if (!reference) return NONE;
    const ask = async (query: string, maxRows: number): Promise<JsonObject[]> => {
      const request = { tables: [{ name: stepId, table: reference }], query, maxRows, maxBytes: REPLY_BYTES };
      const { rows } = await this.questions.ask(workerPoolOperations.queryTables, request, { signal });
      return rows.map(shown);
    };
    const hasStatus = columnsOf(table).some(({ name }) => name === '_status');
    const from = `SELECT * FROM "${stepId}"`;
    // Of all of the table, and the same at every look: the first rows are often of one kind.
    const spread = `ORDER BY hash(${hasStatus ? '_row' : `"${stepId}"`}) LIMIT ${OK}`;
    try {
      if (!hasStatus) return { ...NONE, ok: await ask(`${from} ${spread}`, OK) };
      const failed = `${from} WHERE _status = 'failed' QUALIFY row_number() OVER (PARTITION BY _error_code ORDER BY _row) <= ${OF_A_CODE} ORDER BY _row LIMIT ${FAILED}`;
      return { ok: await ask(`${from} WHERE _status = 'ok' ${spread}`, OK), failed: await ask(failed, FAILED) };
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      // What cannot be read is no reason not to look: counts and examples of failures are there.
      if (signal.aborted || error instanceof TransientError) throw thrown;
      return NONE;
    }
  }
}

const shown = (row: RowValues): JsonObject =>
  shortenValues(
    Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_') || TELLING.has(name))),
    VALUE_CHARACTERS,
  ) as JsonObject;
