import { ageMs, RefusedError, SAFE_AGE, type StorageCheckEvent, type StorageCheckRequest } from '@apwa/contracts';
import { type ListedObject, type Storage } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { STORAGE } from '../settings.js';
import { StagesService } from '../stages/stages.service.js';
import { CatalogueNames, type OwnedKey } from './catalogue-names.js';
import { OBJECT_KINDS, type ObjectKind, ownerOfKey } from './kinds.js';

/** Objects that are judged together: the executor takes 500 in a question. */
const BATCH = 200;
/** Objects between two words on how far it is. */
const TELL_EACH = 1_000;

type Found = OwnedKey & ListedObject;
type Amount = { objects: number; bytes: number };

const nothing = (): Amount => ({ objects: 0, bytes: 0 });
const count = (amount: Amount, { bytes }: { bytes: number }): void => {
  amount.objects++;
  amount.bytes += bytes;
};

/**
 * Finds objects that nothing names: what attempts, imports and services have left that died. Whoever knows what is there decides:
 * first the executor's ledger, then the catalogue. What comes to be named goes that way too, so nothing slips through between both
 * questions; and what is younger than the age that was asked for is not looked at.
 */
@Injectable()
export class StorageCheckService {
  constructor(
    private readonly executor: StagesService,
    private readonly catalogue: CatalogueNames,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** RefusedError `too_young` for an age at which an object may be named yet. */
  refuse({ olderThan }: StorageCheckRequest): void {
    if (ageMs(olderThan) >= ageMs(SAFE_AGE)) return;
    throw new RefusedError('too_young', 'Objects of that age may be named yet by who has just written them.', {
      field: 'olderThan',
      value: olderThan,
      allowed: `${SAFE_AGE} or more`,
    });
  }

  async *check({ olderThan, remove }: StorageCheckRequest, signal: AbortSignal): AsyncGenerator<StorageCheckEvent> {
    const before = Date.now() - ageMs(olderThan);
    const sums = { looked: nothing(), orphans: nothing(), foreign: nothing() };
    for (const kind of OBJECT_KINDS) {
      let batch: Found[] = [];
      for await (const object of this.storage.list(`${kind}/`)) {
        signal.throwIfAborted();
        count(sums.looked, object);
        const owner = ownerOfKey(kind, object.key);
        if (owner === null) count(sums.foreign, object);
        else if (object.modifiedAt.getTime() < before) batch.push({ ...object, owner });
        if (batch.length === BATCH) {
          yield* this.orphans(kind, batch, remove, sums.orphans, signal);
          batch = [];
        }
        if (sums.looked.objects % TELL_EACH === 0) yield { type: 'progress', looked: { ...sums.looked } };
      }
      yield* this.orphans(kind, batch, remove, sums.orphans, signal);
    }
    yield* this.unfinished(before, remove, sums.orphans, signal);
    yield { type: 'done', ...sums, removed: remove };
  }

  private async *orphans(
    kind: ObjectKind,
    batch: Found[],
    remove: boolean,
    sum: Amount,
    signal: AbortSignal,
  ): AsyncGenerator<StorageCheckEvent> {
    if (batch.length === 0) return;
    const unnamed = new Set((await this.unnamed(kind, batch, signal)).map(({ key }) => key));
    for (const { key, bytes, modifiedAt } of batch) {
      if (!unnamed.has(key)) continue;
      if (remove) await this.storage.delete(key);
      count(sum, { bytes });
      yield { type: 'orphan', kind: 'orphan', key, bytes, modifiedAt: modifiedAt.toISOString() };
    }
  }

  /** What writes have left that never ended. One that is under way goes on writing, and is never that old. */
  private async *unfinished(before: number, remove: boolean, sum: Amount, signal: AbortSignal): AsyncGenerator<StorageCheckEvent> {
    for await (const { id, bytes, modifiedAt } of this.storage.unfinished()) {
      signal.throwIfAborted();
      if (modifiedAt.getTime() >= before) continue;
      if (remove) await this.storage.discard(id);
      count(sum, { bytes });
      yield { type: 'orphan', kind: 'unfinished', key: id, bytes, modifiedAt: modifiedAt.toISOString() };
    }
  }

  private async unnamed(kind: ObjectKind, batch: Found[], signal: AbortSignal): Promise<OwnedKey[]> {
    switch (kind) {
      case 'parts':
        return this.catalogue.unnamedParts(await this.notInLedger(batch, signal));
      case 'journal':
        return this.catalogue.unnamedJournal(await this.notInLedger(batch, signal));
      case 'manifests':
        return this.catalogue.unnamedManifests(batch);
      case 'uploads':
        return this.catalogue.unnamedUploads(batch);
    }
  }

  private async notInLedger(batch: Found[], signal: AbortSignal): Promise<Found[]> {
    const keys = batch.map(({ key }) => key);
    const unnamed = new Set(await this.executor.unnamed(keys, signal));
    return batch.filter(({ key }) => unnamed.has(key));
  }
}
