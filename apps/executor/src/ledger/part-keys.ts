/** What the keys of all parts of an attempt begin with: shard and token stand in them (HAZARDS H2). */
export const partPrefix = (stageId: string, shardId: string, token: string): string => `parts/${stageId}/${shardId}.${token}.`;

/** What the keys of all parts of a stage begin with. */
export const stagePartsPrefix = (stageId: string): string => `parts/${stageId}/`;

/** Whose an object is, as its key says. */
export interface KeyPlace {
  kind: 'part' | 'journaled';
  stageId: string;
  shardId: string;
  token: string;
}

const KEY = /^(?:(?<part>parts\/)|journal\/)(?<stageId>stg_\w+)\/(?<shardId>shd_\w+)[./](?<token>[0-9a-f]{32})\.[\w.]+$/;

/** Null for a key that no attempt has made. */
export const placeOf = (key: string): KeyPlace | null => {
  const groups = KEY.exec(key)?.groups;
  if (!groups) return null;
  const { part, stageId = '', shardId = '', token = '' } = groups;
  return { kind: part === undefined ? 'journaled' : 'part', stageId, shardId, token };
};

/** Where answers of a shard are that were too large for a message of the journal. */
export const journaledPrefix = (stageId: string, shardId?: string): string => `journal/${stageId}/${shardId ? `${shardId}/` : ''}`;
