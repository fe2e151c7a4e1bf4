import { quoteName, quoteText } from '../../types/column-type.js';
import { type JobSettings, type JobWork, type WrittenFile } from '../protocol.js';
import { openDatabase, partFormat } from './database.js';
import { sqlFault } from './sql-errors.js';

type MatchJob = Extract<JobWork, { kind: 'match' }>;

/** Finds for each row of a table a result among those of others. Rows are told apart by a hash, so that long texts are not kept. */
export const matchRows = async (settings: JobSettings, { input, columns, sources, written, output }: MatchJob): Promise<WrittenFile> => {
  const connection = await openDatabase(settings);
  const named = columns.map((name, index) => `"c${index}" := ${quoteName(name)}`).join(', ');
  // As JSON, no two different rows give the same text.
  const key = `sha256(to_json(struct_pack(${named}))::VARCHAR)`;
  const results = written.filter(({ name }) => name !== '_row').map(({ name, type }) => ({ name: quoteName(name), type }));
  const found = sources.map(
    ({ select }, age) =>
      `SELECT ${key} AS "k", ${age} AS "age", ${results.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`).join(', ')}
       FROM (${select}) WHERE "_status" = 'ok'`,
  );
  const list = written.map(({ name }) => (name === '_row' ? 'i."_row"' : `f.${quoteName(name)}`)).join(', ');
  const query = `
    SELECT ${list} FROM (SELECT "_row", ${key} AS "k" FROM (${input.select})) AS i
    LEFT JOIN (SELECT DISTINCT ON ("k") * FROM (${found.join(' UNION ALL ')}) ORDER BY "k", "age") AS f ON f."k" = i."k"
    ORDER BY i."_row"`;
  try {
    const { rowsChanged } = await connection.run(`COPY (${query}) TO ${quoteText(output)} (${partFormat(settings)})`);
    return { rows: rowsChanged, columns: written };
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};
