import { type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { partsNamedBy } from '../retention/table-objects.js';
import { STORAGE } from '../settings.js';

/** An object whose name is one of ours, with the stage, table or upload that it belongs to. */
export interface OwnedKey {
  key: string;
  owner: string;
}

interface StageNames {
  stageId: string;
  /** Something is still to become of it, or it is being removed: nothing of it is left lying about. */
  unsettled: boolean;
  /** Tables whose versions may name parts of it. */
  tables: string[];
  /** The file of the export that it was for. */
  exported: string | null;
}

/** Which objects the catalogue names. Things that are deleted and not removed yet count as named: they are being taken care of. */
@Injectable()
export class CatalogueNames {
  constructor(
    private readonly database: Database,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** Those of the parts that no version of a table, no export and nothing unfinished names. */
  async unnamedParts(keys: readonly OwnedKey[]): Promise<OwnedKey[]> {
    const names = new Map((await this.stages(keys)).map((stage) => [stage.stageId, stage]));
    const parts = new Map<string, Set<string>>();
    const unnamed: OwnedKey[] = [];
    for (const item of keys) {
      const stage = names.get(item.owner);
      if (!stage || (!stage.unsettled && stage.exported !== item.key && !(await this.named(stage.tables, item.key, parts))))
        unnamed.push(item);
    }
    return unnamed;
  }

  /** Those of the journaled rows whose stage nothing unfinished has. */
  async unnamedJournal(keys: readonly OwnedKey[]): Promise<OwnedKey[]> {
    const names = new Map((await this.stages(keys)).map((stage) => [stage.stageId, stage]));
    return keys.filter(({ owner }) => names.get(owner)?.unsettled !== true);
  }

  /** Those of the manifests whose table is not in the catalogue. Of one that is there, older versions may be read too. */
  async unnamedManifests(keys: readonly OwnedKey[]): Promise<OwnedKey[]> {
    const rows = await this.database.dataTable.findMany({ where: { id: { in: ownersOf(keys) }, removedAt: null }, select: { id: true } });
    // The table of an import's bad rows is written before it is in the catalogue.
    const reserved = await this.database.dataTable.findMany({
      where: { rejectedTableId: { in: ownersOf(keys) }, finishedAt: null },
      select: { rejectedTableId: true },
    });
    const there = new Set([...rows.map(({ id }) => id), ...reserved.map(({ rejectedTableId }) => rejectedTableId)]);
    return keys.filter(({ owner }) => !there.has(owner));
  }

  /** Those of the files that no upload holds. */
  async unnamedUploads(keys: readonly OwnedKey[]): Promise<OwnedKey[]> {
    const files = await this.database.uploadFile.findMany({ where: { uploadId: { in: ownersOf(keys) } }, select: { key: true } });
    const deleted = await this.database.upload.findMany({
      where: { id: { in: ownersOf(keys) }, deletedAt: { not: null } },
      select: { id: true },
    });
    const [there, going] = [new Set(files.map(({ key }) => key)), new Set(deleted.map(({ id }) => id))];
    return keys.filter(({ key, owner }) => !there.has(key) && !going.has(owner));
  }

  private async named(tables: readonly string[], key: string, parts: Map<string, Set<string>>): Promise<boolean> {
    for (const id of tables) {
      const keys = parts.get(id) ?? (await partsNamedBy(this.storage, id));
      parts.set(id, keys);
      if (keys.has(key)) return true;
    }
    return false;
  }

  /** What is known of the stages that keys belong to; those of which nothing is known are left out. */
  private async stages(keys: readonly OwnedKey[]): Promise<StageNames[]> {
    return this.database.$queryRaw<StageNames[]>`
      WITH asked AS (SELECT unnest(${ownersOf(keys)}::text[]) AS id),
      naming AS (
        SELECT a.id AS stage_id, t.id, t.deleted_at IS NOT NULL OR (t.stage_id = a.id AND t.finished_at IS NULL) AS unsettled
        FROM asked a JOIN manager.tables t ON t.removed_at IS NULL AND (t.stages @> ARRAY[a.id] OR t.stage_id = a.id))
      SELECT a.id AS "stageId", e.part->>'key' AS exported,
        COALESCE(o.id IS NOT NULL OR e.deleted_at IS NOT NULL
          OR EXISTS (SELECT 1 FROM naming n WHERE n.stage_id = a.id AND n.unsettled), false) AS unsettled,
        ARRAY(SELECT n.id FROM naming n WHERE n.stage_id = a.id) AS tables
      FROM asked a
      LEFT JOIN manager.stages s ON s.id = a.id
      LEFT JOIN manager.owners o ON o.id = s.owner_id AND o.finished_at IS NULL
      LEFT JOIN manager.exports e ON e.stage_id = a.id AND e.removed_at IS NULL`;
  }
}

const ownersOf = (keys: readonly OwnedKey[]): string[] => [...new Set(keys.map(({ owner }) => owner))];
