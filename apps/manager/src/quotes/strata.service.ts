import { PermanentError, RefusedError, workerPoolOperations } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { QuestionsService } from '../questions/questions.service.js';
import { type TableRow, referenceOf } from '../tables/tables.repository.js';
import { type SampledPlace, strataQuery } from './strata.js';

/** JSON of a reply: some numbers for each of a thousand strata. */
const REPLY_BYTES = 256 * 1024;

/** Finds the rows of a table that make a sample of short and long ones. */
@Injectable()
export class StrataService {
  constructor(private readonly questions: QuestionsService) {}

  /** By the lengths of these columns. Null where nothing is to be measured, it takes too long, or more than a member may have. */
  async of(table: TableRow, columns: readonly string[], count: number, signal?: AbortSignal): Promise<SampledPlace[] | null> {
    const reference = referenceOf(table);
    if (!reference || columns.length === 0) return null;
    const request = {
      tables: [{ name: 'whole', table: reference }],
      query: strataQuery(columns, count),
      maxRows: count,
      maxBytes: REPLY_BYTES,
    };
    try {
      const { rows } = await this.questions.ask(workerPoolOperations.queryTables, request, signal ? { signal } : {});
      return rows.map(({ row, weight }) => ({ row: Number(row), weight: Number(weight) }));
    } catch (thrown) {
      if (thrown instanceof PermanentError || thrown instanceof RefusedError) return null;
      throw thrown;
    }
  }
}
