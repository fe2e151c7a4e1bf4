import { type MapWork, comesFromStage } from '@apwa/contracts';
import { type Storage, writeManifest } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { STORAGE } from '../settings.js';
import { StagesRepository } from '../stages/stages.repository.js';
import { StagesService } from '../stages/stages.service.js';
import { type MadeTable, type TableRow, TablesRepository, columnsOf, referenceOf } from '../tables/tables.repository.js';
import { type Assembled, type Base, assembleGroups, assembleMapSoFar, assembleSingle, bytesOf, stagesOf } from './assembly.js';
import { keptParts } from './kept-parts.js';

export interface SoFarOptions {
  /** As many rows are enough, the first ones. Left out: all. */
  rows?: number;
  signal?: AbortSignal;
}

/** Tables that are not complete, as far as their shards are committed: what the executor lists at that moment, and nothing else. */
@Injectable()
export class PartialTables {
  constructor(
    private readonly tables: TablesRepository,
    private readonly stages: StagesRepository,
    private readonly executor: StagesService,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** Null if no stage was begun for the table, or one whose rows come all at once has not ended. */
  async soFar(table: TableRow, options: SoFarOptions = {}): Promise<Omit<MadeTable, 'metadata'> | null> {
    const assembled = table.stageId === null ? null : await this.assemble(table, table.stageId, options);
    if (!assembled) return null;
    const { manifest, columns } = assembled;
    return { reference: await writeManifest(this.storage, manifest), columns, bytes: bytesOf(manifest), stages: stagesOf(manifest) };
  }

  /**
   * What a map is over. Of a stage that may be under way it is what there is by now, so no less than the rows that were made from it
   * before; null if that is nothing.
   */
  async baseOf({ input }: MapWork, signal?: AbortSignal): Promise<Base | null> {
    const row = await this.tables.findRow(input.tableId);
    if (!comesFromStage(input)) return { reference: input, columns: row ? columnsOf(row) : [] };
    if (!row) return null;
    const reference = row.state === 'ready' ? referenceOf(row) : null;
    return reference ? { reference, columns: columnsOf(row) } : this.soFar(row, signal ? { signal } : {});
  }

  private async assemble(table: TableRow, stageId: string, options: SoFarOptions): Promise<Assembled | null> {
    const place = { tableId: table.id, version: await this.tables.versionOf(table) };
    const { work } = await this.stages.submission(stageId);
    const shards = await this.executor.committed(stageId, options);
    if (work.kind === 'map') {
      const base = await this.baseOf(work, options.signal);
      return base && assembleMapSoFar(place, work, base, shards, await keptParts(this.storage, work));
    }
    const content = shards[0]?.content;
    if (!content) return null;
    if (work.kind === 'bundle' || work.kind === 'gather') return assembleGroups(place, work.input, content);
    return assembleSingle(place, content.part, content.columns);
  }
}
