import { type StageWork, type TablePart } from '@apwa/contracts';
import { type Storage, readManifest } from '@apwa/tables';
import { partsBeside } from './take-over.js';

/** Parts of the version before that stay while a stage does the rest again; none where it does all of it anew. */
export const keptParts = async (storage: Storage, work: Extract<StageWork, { kind: 'map' }>): Promise<TablePart[]> => {
  const [newest] = work.redo?.from ?? [];
  return work.redo && newest ? partsBeside((await readManifest(storage, newest)).parts, work.redo.rows) : [];
};
