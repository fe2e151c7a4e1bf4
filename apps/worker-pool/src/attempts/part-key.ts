import { type Assignment } from '@apwa/contracts';

type Place = Pick<Assignment, 'stageId' | 'shardId' | 'token'>;

/**
 * The key of an attempt's part: shard and token stand in it, so that no write replaces another attempt's; so does the number of
 * the write from the second one on, so that none replaces bytes that a commit may just be naming.
 */
export const partKey = ({ stageId, shardId, token }: Place, write: number, ending: string): string =>
  `parts/${stageId}/${shardId}.${token}.${write > 1 ? `${write}.` : ''}${ending}`;

/** Where journaled rows are that are too large for a message. */
export const journalKey = ({ stageId, shardId, token }: Place, sequence: number): string =>
  `journal/${stageId}/${shardId}/${token}.${sequence}.json`;
