import {
  type Assignment,
  type CommitContent,
  InternalError,
  noCounts,
  type Part,
  type RowResult,
  type StageCounts,
  type StageWork,
} from '@apwa/contracts';
import { type TableJobs } from '@apwa/tables';
import { partKey } from '../attempts/part-key.js';
import { type AttemptWork } from '../attempts/work.js';
import { type Semaphore } from './semaphore.js';

/** Work of one piece, done by a child process: a query, an import, an export. */
export class JobWorker implements AttemptWork {
  constructor(
    private readonly assignment: Assignment,
    private readonly work: Exclude<StageWork, { kind: 'map' }>,
    private readonly jobs: TableJobs,
    private readonly turns: Semaphore,
  ) {}

  runRows(): never {
    throw new InternalError('no_rows', `work of kind ${this.work.kind} has no rows to run`);
  }

  writePart(write: number, _results: readonly RowResult[], signal: AbortSignal): Promise<CommitContent> {
    return this.turns.run(() => {
      signal.throwIfAborted();
      return this.#run(write, signal);
    });
  }

  async #run(write: number, signal: AbortSignal): Promise<CommitContent> {
    const { assignment, work, jobs } = this;
    const key = (ending: string) => partKey(assignment, write, ending);
    switch (work.kind) {
      case 'sql':
        return contentOf(await jobs.runSql(work, key('parquet'), { signal }));
      case 'match':
        return contentOf(await jobs.matchRows(work, key('parquet'), { signal }));
      case 'split':
        return contentOf(await jobs.splitRows(work, key('parquet'), { signal }));
      case 'bundle':
        return contentOf(await jobs.bundleRows(work, key('parquet'), { signal }));
      case 'gather':
        return contentOf(await jobs.gatherGroups(work, key('parquet'), { signal }));
      case 'import':
        return contentOf(await jobs.importFiles(work, key('parquet'), key('rejected.parquet'), { signal }));
      case 'export':
        return contentOf(await jobs.exportTable(work, key(work.format), { signal }));
    }
  }
}

/** What a commit names of the file that a job wrote. Rows fail in few jobs, and in those they are told by code. */
const contentOf = ({
  part,
  rejected = null,
  columns = [],
  errors = {},
  examples = {},
  counts = countsOf(part, errors, examples),
}: Pick<CommitContent, 'part'> &
  Partial<CommitContent> &
  Partial<Pick<CommitContent['counts'], 'errors' | 'examples'>>): CommitContent => ({
  part,
  rejected,
  columns,
  counts,
});

const countsOf = (part: Part, errors: StageCounts['errors'], examples: StageCounts['examples']): StageCounts => {
  const failed = Object.values(errors).reduce((sum, rows) => sum + rows, 0);
  return { ...noCounts(), ok: part.rows - failed, failed, errors, examples };
};
