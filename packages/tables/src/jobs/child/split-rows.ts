import { type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import { CHUNK_COLUMNS, PermanentError } from '@apwa/contracts';
import { CharacterCounter, splitText } from '../../text/split-text.js';
import { quoteName, quoteText } from '../../types/column-type.js';
import { type JobSettings, type JobWork, type WrittenFile } from '../protocol.js';
import { openDatabase, partFormat } from './database.js';
import { sqlFault, tooManyRows } from './sql-errors.js';

type SplitJob = Extract<JobWork, { kind: 'split' }>;

/** Texts that are held at once, in bytes, unless a single one is larger. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** Cuts the texts of a column into chunks: a row for each, with the other columns of its row. */
export const splitRows = async (settings: JobSettings, job: SplitJob): Promise<WrittenFile> => {
  const { input, column, maxRows, output } = job;
  const connection = await openDatabase(settings);
  try {
    await connection.run(
      'CREATE TABLE chunks ("_row" BIGINT, "chunk" BIGINT, "chunk_start" BIGINT, "chunk_end" BIGINT, "chunk_heading" VARCHAR, "text" VARCHAR)',
    );
    const appender = await connection.createAppender('chunks');
    const { texts, found, rows } = await splitAll(connection, appender, job);
    appender.closeSync();
    const structured = job.by.kind === 'regex' || job.by.kind === 'headings';
    if (structured && texts > 0 && !found)
      throw new PermanentError(
        'split_never_splits',
        `Of ${texts} texts in ${column} none has ${job.by.kind === 'regex' ? 'a match of the pattern' : 'a heading'}.`,
        {
          field: 'by',
          value: job.by.kind === 'regex' ? job.by.pattern : job.by.kind,
          allowed: 'what the texts are divided by, or sentences or tokens',
        },
      );
    if (rows > maxRows) throw tooManyRows('split', 'maxTokens', maxRows);
    const kept = input.columns.filter(({ name }) => !name.startsWith('_'));
    const list = kept.map(({ name }) => (name === column ? `c."text" AS ${quoteName(name)}` : `t.${quoteName(name)}`));
    const added = CHUNK_COLUMNS.map(({ name }) => `c.${quoteName(name)}`);
    const { rowsChanged } = await connection.run(
      `COPY (SELECT ${[...list, ...added].join(', ')} FROM chunks c JOIN (${input.select}) t ON t."_row" = c."_row" ORDER BY c."_row", c."chunk")
       TO ${quoteText(output)} (${partFormat(settings)})`,
    );
    return { rows: rowsChanged, columns: [...kept, ...CHUNK_COLUMNS] };
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};

const splitAll = async (connection: DuckDBConnection, appender: DuckDBAppender, { input, column, by, size, maxRows }: SplitJob) => {
  const named = quoteName(column);
  const sizes = await connection.runAndReadAll(
    `SELECT "_row", strlen(${named})::BIGINT FROM (${input.select}) WHERE ${named} IS NOT NULL ORDER BY "_row"`,
  );
  const lengths = sizes.getRows() as [bigint, bigint][];
  let found = false;
  let rows = 0;
  for (let at = 0; at < lengths.length && rows <= maxRows;) {
    const first = at;
    for (let bytes = 0; at < lengths.length && (at === first || bytes <= BATCH_BYTES); at++)
      bytes += Number((lengths[at] as [bigint, bigint])[1]);
    const [from, to] = [(lengths[first] as [bigint, bigint])[0], (lengths[at - 1] as [bigint, bigint])[0]];
    const batch = await connection.runAndReadAll(
      `SELECT "_row", ${named} FROM (${input.select}) WHERE "_row" BETWEEN ${from} AND ${to} AND ${named} IS NOT NULL ORDER BY "_row"`,
    );
    for (const [row, text] of batch.getRows() as [bigint, string][]) {
      const split = splitText(text, by, size);
      found ||= split.found;
      rows += split.chunks.length;
      const [starts, ends] = [new CharacterCounter(text), new CharacterCounter(text)];
      for (const [index, chunk] of split.chunks.entries()) {
        appender.appendBigInt(row);
        appender.appendBigInt(BigInt(index));
        appender.appendBigInt(BigInt(starts.upTo(chunk.start)));
        appender.appendBigInt(BigInt(ends.upTo(chunk.end)));
        if (chunk.heading === null) appender.appendNull();
        else appender.appendVarchar(chunk.heading);
        appender.appendVarchar(chunk.text);
        appender.endRow();
      }
    }
    appender.flushSync();
  }
  return { texts: lengths.length, found, rows };
};
