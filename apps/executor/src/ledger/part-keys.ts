/** What the keys of all parts of an attempt begin with: shard and token stand in them (HAZARDS H2). */
export const partPrefix = (stageId: string, shardId: string, token: string): string => `parts/${stageId}/${shardId}.${token}.`;

/** What the keys of all parts of a stage begin with. */
export const stagePartsPrefix = (stageId: string): string => `parts/${stageId}/`;

/** Where answers of a shard are that were too large for a message of the journal. */
export const journaledPrefix = (stageId: string, shardId?: string): string => `journal/${stageId}/${shardId ? `${shardId}/` : ''}`;
