import { journalStream, journalSubject, type JournalPlace } from '@apwa/contracts';

/** Where an attempt journals. Shards of one split journal under the name of the shard they came of, and read each other. */
export const journalPlace = (incarnation: number, stageId: string, originId: string, token: string): JournalPlace => ({
  stream: journalStream(incarnation),
  incarnation,
  subject: journalSubject(incarnation, stageId, originId, token),
  shardSubjects: journalSubject(incarnation, stageId, originId, '*'),
});
