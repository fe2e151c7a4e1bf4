import { ApwaError, TransientError } from '@apwa/contracts';
import { manifestPrefix, type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ofAnything } from '../database/errors.js';
import { LOG, type Logger, STORAGE } from '../settings.js';
import { partsPrefix, stageOfKey } from '../stages/part-keys.js';
import { StagesService } from '../stages/stages.service.js';
import { type DeletedExport, type DeletedTable, RemovalRepository } from './removal.repository.js';
import { deleteEach, deleteUnder, partsNamedBy } from './table-objects.js';

/** Things that are read at once, of each kind. */
const BITE = 20;

/**
 * Removes what the catalogue says is deleted, in an order that loses nothing wherever it is cut off: first the executor forgets the
 * stage, so that nothing of it can be named any more (HAZARDS H4), then objects go, then rows. Whoever starts next goes on where
 * the rows say that something is left.
 */
@Injectable()
export class RemovalService {
  private readonly stopping = new AbortController();
  private round: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly left: RemovalRepository,
    private readonly executor: StagesService,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Removes what is to be removed. Resolves when that is done as far as it can be just now; never rejects. */
  sweep(): Promise<void> {
    if (this.round) this.again = true;
    else
      this.round = this.sweepAll().finally(() => {
        this.round = null;
        if (!this.again) return;
        this.again = false;
        void this.sweep();
      });
    return this.round;
  }

  /** Waits until everything is removed that can be, for so long at most. How much is left. */
  async within(patienceMs: number): Promise<number> {
    const until = performance.now() + patienceMs;
    // The first sweep may have begun before what is waited for was deleted.
    for (let before = Infinity; ;) {
      await Promise.race([this.sweep(), sleep(Math.max(0, until - performance.now()), undefined, { ref: false })]);
      const left = await this.left.left();
      if (left === 0 || left >= before || performance.now() >= until) return left;
      before = left;
    }
  }

  /** Ends between two objects. */
  async stop(): Promise<void> {
    this.stopping.abort(new TransientError('stopping', 'the manager stops'));
    await this.round;
  }

  private async sweepAll(): Promise<void> {
    // What could not be removed is left to the next sweep: it is in nobody's way.
    const failed = new Set<string>();
    try {
      for (let done = true; done && !this.stopping.signal.aborted;) {
        const except = [...failed];
        done = false;
        for (const item of await this.left.exports(BITE, except))
          done = (await this.try(item.id, failed, () => this.removeExport(item))) || done;
        for (const item of await this.left.tables(BITE, except))
          done = (await this.try(item.id, failed, () => this.removeTable(item))) || done;
        for (const id of await this.left.uploads(BITE, except)) done = (await this.try(id, failed, () => this.removeUpload(id))) || done;
        for (const id of await this.left.runs(BITE, except)) done = (await this.try(id, failed, () => this.removeRun(id))) || done;
        done = (await this.left.removeRows(BITE)) > 0 || done;
      }
    } catch (thrown) {
      this.log.warn({ error: ofAnything(thrown).toPayload() }, 'what is deleted could not be looked through');
    }
  }

  private async try(id: string, failed: Set<string>, remove: () => Promise<void>): Promise<boolean> {
    if (this.stopping.signal.aborted) return false;
    try {
      await remove();
      return true;
    } catch (thrown) {
      failed.add(id);
      if (!this.stopping.signal.aborted)
        this.log.warn({ id, error: ApwaError.from(ofAnything(thrown)).toPayload() }, 'what is deleted could not be removed yet');
      return false;
    }
  }

  /**
   * Parts that a table which stays names are left: one by one where somebody names others of the same stage. Where nobody does, all
   * that stands in the stage's place goes. The manifests are the last, so that whoever goes on after a death knows what there was.
   */
  private async removeTable({ id, stageId, stages, ownerId }: DeletedTable): Promise<void> {
    const { signal } = this.stopping;
    await this.forget(id, ownerId, stageId);
    const named = [...(await partsNamedBy(this.storage, id))];
    const places = [...new Set([...stages, ...(stageId === null ? [] : [stageId]), ...named.map(stageOfKey)])];
    const staying = { stages: new Set<string>(), keys: new Set<string>() };
    for (const sharer of await this.left.sharers(places, id)) {
      for (const stage of [...sharer.stages, sharer.stageId]) if (stage !== null) staying.stages.add(stage);
      for (const key of await partsNamedBy(this.storage, sharer.id)) staying.keys.add(key);
    }
    const going = named.filter((key) => !staying.keys.has(key));
    await deleteEach(this.storage, going, signal);
    for (const stage of places) if (!staying.stages.has(stage)) await deleteUnder(this.storage, partsPrefix(stage), signal);
    await deleteUnder(this.storage, manifestPrefix(id), signal);
    await this.left.tableRemoved(id);
  }

  private async removeExport({ id, stageId, ownerId }: DeletedExport): Promise<void> {
    await this.forget(id, ownerId, stageId);
    // Nobody but the export names what its stage has written.
    if (stageId !== null) await deleteUnder(this.storage, partsPrefix(stageId), this.stopping.signal);
    await this.left.exportRemoved(id);
  }

  private async removeUpload(id: string): Promise<void> {
    await deleteUnder(this.storage, `uploads/${id}/`, this.stopping.signal);
    await this.left.removeUpload(id);
  }

  private async removeRun(id: string): Promise<void> {
    await this.executor.forget(id, null, this.stopping.signal);
    await this.left.removeRun(id);
  }

  /** What was made by itself was its stage's only owner. */
  private async forget(id: string, ownerId: string | null, stageId: string | null): Promise<void> {
    if (ownerId === null || stageId === null) return;
    await this.executor.forget(ownerId, ownerId === id ? null : [stageId], this.stopping.signal);
  }
}
