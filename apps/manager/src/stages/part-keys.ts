/** What the keys of all parts of a stage begin with. */
export const partsPrefix = (stageId: string): string => `parts/${stageId}/`;

/** The stage whose part stands under a key. */
export const stageOfKey = (key: string): string => key.split('/')[1] ?? '';
