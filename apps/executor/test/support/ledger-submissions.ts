import { newId } from '@apwa/contracts';
import { expect } from '@jest/globals';
import { type Real, type Submission } from './ledger-real.js';
import { type LedgerModel } from './ledger-model.js';
import { mapWork } from './world.js';

interface NewStage {
  ownerId: string;
  rows: number;
  weight: number;
  maxInFlight: number | undefined;
}

export const submitNew = async (model: LedgerModel, { bench, submissions }: Real, { ownerId, rows, weight, maxInFlight }: NewStage) => {
  const submission = { stageId: newId('stage'), ownerId, work: mapWork(rows), resources: {}, weight, maxInFlight, followed: false };
  const { stageId } = submission;
  submissions.set(stageId, submission);
  const stage = await bench.stages.submit(submission);
  const { rows: shards } = await bench.sql.query<{ id: string; first: number; last: number }>(
    'SELECT id, "first", "last" FROM shards WHERE stage_id = $1 ORDER BY "first"',
    [stageId],
  );
  Object.assign(model.owner(ownerId), { weight, maxInFlight: maxInFlight ?? null });
  model.submit(
    stageId,
    ownerId,
    rows,
    shards.map(({ id, first, last }) => ({ id, range: { first, last } })),
  );
  // How many there are is a plan's matter: they follow each other from the first subtask to the last.
  const end = shards.reduce((next, { first, last }) => {
    expect(first).toBe(next);
    return last + 1;
  }, 0);
  expect(end).toBe(model.owner(ownerId).control === 'cancelled' ? 0 : rows);
  expect(stage.state).toBe(model.stages.at(-1)?.state);
};

/** The same again changes nothing; other work under the same id is refused. */
export const submitAgain = async ({ bench, submissions }: Real, stageId: string, other: boolean): Promise<void> => {
  const submission = submissions.get(stageId) as Submission;
  if (other) {
    const changed = { ...submission, work: { ...submission.work, model: 'large' } };
    await expect(bench.stages.submit(changed)).rejects.toMatchObject({ code: 'other_work' });
  } else expect((await bench.stages.submit(submission)).id).toBe(stageId);
};
