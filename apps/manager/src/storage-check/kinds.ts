/** What stands under a prefix of the storage, and whose it is: the middle segment of its keys. */
export type ObjectKind = 'parts' | 'journal' | 'manifests' | 'uploads';

/** All that services of ours write. `parts` and `journal` are written by members, and the executor's ledger knows of them. */
export const OBJECT_KINDS = ['parts', 'journal', 'manifests', 'uploads'] as const satisfies ObjectKind[];

const SHAPES: Record<ObjectKind, RegExp> = {
  parts: /^parts\/(stg_\w+)\/shd_\w+\.[0-9a-f]{32}\.[\w.]+$/,
  journal: /^journal\/(stg_\w+)\/shd_\w+\/[0-9a-f]{32}\.\d+\.json$/,
  manifests: /^manifests\/(tbl_\w+)\/\d+-[0-9a-f]{8}\.json$/,
  uploads: /^uploads\/(upl_\w+)\/[0-9a-f]{16}$/,
};

/** The stage, table or upload that an object belongs to; null if no service of ours has given it its name. */
export const ownerOfKey = (kind: ObjectKind, key: string): string | null => SHAPES[kind].exec(key)?.[1] ?? null;
