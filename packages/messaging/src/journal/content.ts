import { type JournalBatch, JournaledRows, PermanentError } from '@apwa/contracts';

/** What a batch holds, wherever it stands. `read`: of storage, by its key. Rows whose object is gone are in no journal any more. */
export const contentOfBatch = async (
  { rows, turns = [] }: JournalBatch,
  read: (key: string) => Promise<Uint8Array>,
): Promise<JournaledRows> => {
  if (Array.isArray(rows)) return { rows, turns };
  try {
    return JournaledRows.parse(JSON.parse(Buffer.from(await read(rows.key)).toString('utf8')));
  } catch (error) {
    if (error instanceof PermanentError) return { rows: [], turns: [] };
    throw error;
  }
};
