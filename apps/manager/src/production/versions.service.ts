import { type Plan, type Redo, type TableReference, InternalError, inputsOf, workerPoolOperations } from '@apwa/contracts';
import { type Storage, readManifest, writeManifest } from '@apwa/tables';
import { Inject, Injectable } from '@nestjs/common';
import { QuestionsService } from '../questions/questions.service.js';
import { type RunRecord, planOf, tablesByName } from '../runs/run-record.js';
import { STORAGE } from '../settings.js';
import {
  type Kept,
  type MadeTable,
  type TableRow,
  TablesRepository,
  columnsOf,
  countsOf,
  keptOf,
  referenceOf,
} from '../tables/tables.repository.js';
import { type Place, assembleMapSoFar, bytesOf, stagesOf } from './assembly.js';
import { PartialTables } from './partial-tables.js';
import { type InputRelation, type VersionBefore, asKept, countsOfParts, partsBeside, takeOver } from './take-over.js';
import { callsOf } from './work.js';

export type Taken =
  | { take: 'nothing' }
  | { take: 'all'; made: MadeTable; kept: Kept; templateKey: string | null }
  /** `templateKeys`: of the versions that rows are taken from. */
  | { take: 'rest'; redo: Redo; kept: Kept; templateKeys: (string | null)[] };

/** Versions that are looked through for a row: each redrive that was cut off leaves one. */
const MOST_VERSIONS = 20;

/** What a table of a redriven run has of the run before. */
@Injectable()
export class VersionsService {
  constructor(
    private readonly tables: TablesRepository,
    private readonly partials: PartialTables,
    private readonly questions: QuestionsService,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  /** `table`: of a step whose inputs are there. */
  async takeOver(record: RunRecord, step: Plan['steps'][number], table: TableRow): Promise<Taken> {
    const previous = table.previousId === null ? null : await this.tables.findRow(table.previousId);
    const before = previous && (await this.versionBefore(previous));
    if (!previous || !before) return { take: 'nothing' };
    const byName = tablesByName(record);
    const inputs = inputsOf(step).flatMap((name) => byName.get(name) ?? []);
    const decided = takeOver({
      kind: step.kind,
      // After an amendment it may read the very table that the version before was made from.
      inputs: inputs.map((input) => (previous.inputs.includes(input.id) ? 'same' : relationOf(record, input))),
      rows: Number(inputs[0]?.rows ?? 0),
      again: record.run.redriveSteps.includes(step.id) || previous.replacedOf !== null,
      before,
    });
    switch (decided.take) {
      case 'nothing':
        return decided;
      case 'all': {
        const kept = { unchanged: decided.unchanged, counts: asKept(countsOf(previous)) };
        const made = await this.adopted(record, step, table, previous, before, inputs);
        return { take: 'all', made, kept, templateKey: previous.templateKey };
      }
      case 'rest': {
        const counts = countsOfParts(partsBeside(before.manifest.parts, decided.redo));
        const versions = await this.versionsOf(table);
        const redo = { rows: decided.redo, from: versions.map(({ reference }) => reference) };
        return { take: 'rest', redo, kept: { unchanged: false, counts }, templateKeys: versions.map(({ templateKey }) => templateKey) };
      }
    }
  }

  /** The whole version before as a version of another table. */
  private async adopted(
    record: RunRecord,
    step: Plan['steps'][number],
    table: TableRow,
    previous: TableRow,
    { manifest }: VersionBefore,
    [input]: TableRow[],
  ): Promise<MadeTable> {
    const place: Place = { tableId: table.id, version: await this.tables.versionOf(table) };
    const base = input && referenceOf(input);
    if (step.kind === 'map' && !base) throw new InternalError('input_not_ready', `Step ${step.id} was started before its input was there.`);
    const assembled =
      step.kind === 'map' && input && base
        ? assembleMapSoFar(
            place,
            { ...step, ...callsOf(step.template, planOf(record)?.capabilities) },
            { reference: base, columns: columnsOf(input) },
            [],
            manifest.parts,
          )
        : { manifest: { ...manifest, ...place, ...(step.kind === 'reduce' && base ? { base } : {}) }, columns: columnsOf(previous) };
    const reference = await writeManifest(this.storage, assembled.manifest);
    const { metadata } = await this.questions.ask(workerPoolOperations.describeTable, { table: reference });
    return { reference, columns: assembled.columns, bytes: bytesOf(assembled.manifest), stages: stagesOf(assembled.manifest), metadata };
  }

  /** The versions that results may be taken from, the newest first, with how to read them. */
  private async versionsOf({ earlier }: TableRow): Promise<{ reference: TableReference; templateKey: string | null }[]> {
    const versions: { reference: TableReference; templateKey: string | null }[] = [];
    for (const id of earlier.slice(0, MOST_VERSIONS)) {
      const row = await this.tables.findRow(id);
      const reference = row && (await this.read(row));
      if (reference) versions.push({ reference, templateKey: row.templateKey });
    }
    return versions;
  }

  private async versionBefore(table: TableRow): Promise<VersionBefore | null> {
    const reference = await this.read(table);
    return reference && { manifest: await readManifest(this.storage, reference), complete: table.state === 'ready' };
  }

  /** A table as it stays, or as far as it got. Null where nothing of it can be read. */
  private async read(row: TableRow): Promise<TableReference | null> {
    if (row.deletedAt) return null;
    return referenceOf(row) ?? (await this.partials.soFar(row))?.reference ?? null;
  }
}

/** What was imported, or is an input, is the same as in the run before. */
const relationOf = ({ run }: RunRecord, table: TableRow): InputRelation => {
  if (table.runId !== run.id || table.stepId === null) return 'same';
  const kept = keptOf(table);
  if (!kept) return 'other';
  return kept.unchanged ? 'same' : 'next_version';
};
